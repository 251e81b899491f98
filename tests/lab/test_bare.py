"""From bare machines to a Plone site that answers, with the operator's own commands."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.lab.commands import IMAGES
from tandem.lab.lab import Lab
from tandem.lab.starting import described_for, lab_up
from tests.examples import FILES
from tests.lab.operating import fab, said
from tests.lab.running import all_well, eventually, rejoined, visited
from tests.lab.visitors import half_load, visitors

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(3000)]

SSH = """
[ssh]
user = ops
"""

NODE3 = """
[node3]
address = 10.0.0.13
memory = 16384
storage = 100G
zeoclient-address = 10.0.0.33
"""


def description(folder: Path) -> Path:
    """The shipped cluster with a third machine, and with disks that are soon looked through.

    Its operator is not root.
    """
    text = FILES["cluster"].read_text()
    for old, new in (
        ("disk = 40G", "disk = 6G"),
        ("disk = 10G", "disk = 4G"),
        ("clients = 2", "clients = 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    file = folder / "cluster.cfg"
    file.write_text(text + SSH + NODE3)
    return file


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Machines with nothing but Debian and ssh, of which the third is not described yet."""
    folder = tmp_path_factory.mktemp("bare")
    described = described_for(description(folder), "nspawn")
    with lab_up(described, folder / "lab", IMAGES, print, bare=True) as lab:
        file = lab.folder / "cluster.cfg"
        file.write_text(without_node3(file.read_text()))
        yield lab


def without_node3(text: str) -> str:
    """A description without the section of the third machine."""
    return "\n\n".join(part for part in text.split("\n\n") if not part.startswith("[node3]"))


def done(lab: Lab, *words: str) -> str:
    """What a command prints, which succeeds."""
    completed = fab(lab, *words)
    assert completed.returncode == 0, said(completed)
    return said(completed)


def test_two_commands_make_a_cluster_of_bare_machines(
    bare: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    deployed = done(bare, "deploy", "--yes")
    made = done(bare, "sites")
    assert visited(bare, 30) == 200
    seconds = time.monotonic() - started
    with capsys.disabled():
        print(f"\n{deployed}\n{made}\nfrom bare machines to 200: {seconds:.0f} s")
    done(bare, "plan")
    all_well(bare)


def test_a_third_adds_a_bare_machine_by_one_section_and_nobody_notices(
    bare: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bare.folder / "cluster.cfg"
    with visitors(bare, half_load(bare)) as visits:
        file.write_text(f"{file.read_text()}{NODE3}volume-disk = {bare.kind.device(1)}\n")
        started = time.monotonic()
        added = done(bare, "deploy:node3", "--yes")
        seconds = time.monotonic() - started
        assert client_on(bare, "node3") == "active"
    with capsys.disabled():
        print(f"\n{added}\n{visits.report()}; one machine more: {seconds:.0f} s")
    assert visits.failed == []
    done(bare, "plan")


def test_a_machine_retires_and_comes_back_and_nobody_notices(
    bare: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    with visitors(bare, half_load(bare)) as visits:
        done(bare, "retire:node3", "--yes")
        assert client_on(bare, "node3") == "inactive"
        done(bare, "deploy:node3", "--yes")
        assert client_on(bare, "node3") == "active"
    with capsys.disabled():
        print(f"\n{visits.report()}")
    assert visits.failed == []


def client_on(lab: Lab, machine: str) -> str:
    """Whether the client runs in the machine's VM, in systemd's words.

    The VM lets the operator in, and not the lab.
    """
    asked = f"systemctl -M zeoclient-{machine} is-active tandem-zeoclient1 || true"
    return lab.run(machine, asked).strip()


def test_a_vm_moves_and_is_copied_and_nobody_notices(
    bare: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bare.folder / "cluster.cfg"
    refused = fab(bare, "move", "--vm=zeoclient-slave", "--to=node3")
    assert "node3 has zeoclient-node3 already" in said(refused)
    with visitors(bare, half_load(bare)) as visits:
        text = file.read_text().replace("zeoclient-address = 10.0.0.33\n", "")
        file.write_text(text.replace("machines = master slave", "machines = master slave node3"))
        done(bare, "deploy", "--yes")
        throw_away_disks_kept(bare, "node3", "zeoclient-node3")
        moved = done(bare, "move", "--vm=zeoclient-slave", "--to=node3", "--yes")
        assert "node3:10.0.0.32" in file.read_text()
        throw_away_disks_kept(bare, "slave", "zeoclient-slave")
        copy = ("copy", "--vm=zeoclient-node3", "--to=slave", "--address=10.0.0.34")
        copied = done(bare, *copy, "--yes")
        assert "slave:10.0.0.34" in file.read_text()
    with capsys.disabled():
        print(f"\n{moved}\n{copied}\n{visits.report()}")
    assert visits.failed == []
    done(bare, "plan")
    done(bare, "status")


def throw_away_disks_kept(lab: Lab, machine: str, vm: str) -> None:
    """What is kept of a VM that is no longer described takes the room of another."""
    listed = lab.run(machine, f"lvs --noheadings --options lv_full_name vg0 | grep /{vm}-")
    lab.run(machine, f"lvremove --yes {listed.strip()}")


def test_what_was_rolled_out_is_there_after_the_power_was_cut_on_all_at_once(bare: Lab) -> None:
    for machine in bare.cluster.machines:
        bare.poweroff(machine)
    for machine in bare.cluster.machines:
        bare.poweron(machine)
    for machine in bare.cluster.machines:
        bare.await_ssh(machine)
    eventually(lambda: visited(bare) == 200, 240)
    # DRBD copies what the active machine may have been writing to (al-extents in drbd.conf(5)): of
    # a volume up to 4.8 GB, so here nearly all.
    eventually(lambda: all(rejoined(bare, machine) for machine in bare.cluster.pair), 900)
    all_well(bare)
