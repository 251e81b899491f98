"""From bare machines to a Plone site that answers, with the operator's own commands."""

import time
from pathlib import Path

import pytest

from tandem.lab.commands import IMAGES
from tandem.lab.starting import described_for, lab_up
from tests.examples import FILES
from tests.lab.running import all_well, visited
from tests.lab.test_rollout import fab, said

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(3000)]

NODE3 = """
[node3]
address = 10.0.0.13
memory = 16384
storage = 100G
"""


def description(folder: Path) -> Path:
    """The shipped cluster with a third machine, and with disks that are soon looked through."""
    text = FILES["cluster"].read_text()
    for old, new in (
        ("machines = master slave", "machines = master slave node3"),
        ("slave:10.0.0.32", "slave:10.0.0.32 node3:10.0.0.33"),
        ("disk = 40G", "disk = 6G"),
        ("disk = 10G", "disk = 4G"),
        ("clients = 2", "clients = 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    file = folder / "cluster.cfg"
    file.write_text(text + NODE3)
    return file


def test_two_commands_make_a_cluster_of_bare_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    described = described_for(description(tmp_path), "nspawn")
    with lab_up(described, tmp_path / "lab", IMAGES, print, bare=True) as lab:
        started = time.monotonic()
        deployed = fab(lab, "deploy", "--yes")
        assert deployed.returncode == 0, said(deployed)
        made = fab(lab, "sites")
        assert made.returncode == 0, said(made)
        assert visited(lab, 30) == 200
        seconds = time.monotonic() - started
        with capsys.disabled():
            print(f"\n{said(deployed)}\n{said(made)}\nfrom bare machines to 200: {seconds:.0f} s")
        planned = fab(lab, "plan")
        assert planned.returncode == 0, said(planned)
        all_well(lab)
        # What was rolled out is there after the power was cut on all at once.
        for machine in lab.cluster.machines:
            lab.poweroff(machine)
        for machine in lab.cluster.machines:
            lab.poweron(machine)
        for machine in lab.cluster.machines:
            lab.await_ssh(machine)
        all_well(lab)
        assert visited(lab, 60) == 200
