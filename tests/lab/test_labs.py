"""Labs beside each other, and what they leave behind: nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.lab import faults
from tandem.lab.commands import IMAGES
from tandem.lab.starting import described_for, lab_up, refuse_what_does_not_fit
from tandem.rendering import CHECKOUT
from tests.examples import FILES
from tests.lab.conftest import Start
from tests.lab.leftovers import left
from tests.lab.running import hears, said

pytestmark = [
    pytest.mark.lab,
    pytest.mark.beside,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(600, func_only=True),
]


def test_two_labs_of_the_same_cluster_do_not_disturb_each_other(start: Start) -> None:
    with start("cluster", bare=True) as one, start("cluster", bare=True) as other:
        said(one, "master", "echo one >/root/mark")
        faults.cut(one, "service", "slave")
        one.poweroff("master")
        assert said(other, "master", "cat /root/mark 2>/dev/null; hostname") == "master"
        assert hears(other, "slave", other.cluster.nodes[0].address)
        assert other.states() == {"master": "on", "slave": "on"}


def test_a_lab_that_was_up_leaves_nothing_behind(start: Start) -> None:
    before = left()
    with start("cluster", bare=True) as lab:
        assert lab.states() == {"master": "on", "slave": "on"}
    assert left() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_lab_whose_start_is_broken_off_leaves_nothing_behind(
    number: signal.Signals, tmp_path: Path
) -> None:
    before = left()
    program = (
        "from pathlib import Path; from tandem.lab.starting import described_for, lab_up\n"
        f"with lab_up(described_for(Path({str(FILES['cluster'])!r})),"
        f" Path({str(tmp_path)!r}) / 'lab', Path({str(IMAGES)!r}),"
        " lambda line: print(line, flush=True), bare=True): pass"
    )
    with subprocess.Popen(
        (sys.executable, "-c", program), stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as starting:
        assert starting.stdout
        assert any("boot" in line for line in starting.stdout)
        time.sleep(2)
        starting.send_signal(number)
    deadline = time.monotonic() + 10
    while left() != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left() == before


def test_a_second_lab_in_the_same_place_is_refused(tmp_path: Path) -> None:
    described = described_for(FILES["cluster"])
    again = lab_up(described, tmp_path / "lab", IMAGES, print, bare=True)
    with lab_up(described, tmp_path / "lab", IMAGES, print, bare=True) as lab:
        with pytest.raises(TandemError, match="runs already: fab lab:down ends it"):
            again.__enter__()
        assert lab.states() == {"master": "on", "slave": "on"}


def test_too_little_memory_is_one_line(tmp_path: Path) -> None:
    described = described_for(FILES["cluster"], "nspawn")
    starting = lab_up(described, tmp_path, IMAGES, print, memory=10_000_000)
    with pytest.raises(TandemError, match=r"^too little memory for the lab: .* are available$"):
        starting.__enter__()


def test_too_little_room_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"^too little room in [^\n]*, and \d+ MB are free$"):
        refuse_what_does_not_fit(0, 10**9, tmp_path)


def test_vms_that_the_labs_machines_cannot_run_are_refused_in_one_line(tmp_path: Path) -> None:
    starting = lab_up(described_for(FILES["cluster"]), tmp_path, IMAGES, print)
    with pytest.raises(TandemError, match=r"^the lab's machines cannot run xen: [^\n]*nspawn"):
        starting.__enter__()
