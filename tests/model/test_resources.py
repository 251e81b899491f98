"""What fits into a machine, to the megabyte."""

from pathlib import Path

import pytest

from tandem.description import cluster_in
from tandem.model.checks.resources import hypervisor_memory

VALID = Path(__file__).parent / "valid.cfg"


@pytest.mark.parametrize(("memory", "reserve"), [(1024, 148), (8192, 291), (16384, 455)])
def test_xen_keeps_128_mb_and_2_percent_for_itself(memory: int, reserve: int) -> None:
    assert hypervisor_memory("xen", memory) == reserve


@pytest.mark.parametrize("hypervisor", ["nspawn", "none"])
def test_without_xen_nothing_is_kept(hypervisor: str) -> None:
    assert hypervisor_memory(hypervisor, 16384) == 0


# The VMs of a machine of the pair have 7168 MB, its dom0 has 1024.
@pytest.mark.parametrize(("hypervisor", "memory"), [("xen", 8489), ("nspawn", 8192)])
def test_a_machine_into_which_everything_just_fits_is_large_enough(
    tmp_path: Path, hypervisor: str, memory: int
) -> None:
    own = tmp_path / "own.cfg"
    own.write_text(
        f"[buildout]\nextends = {VALID}\n"
        f"[cluster]\nhypervisor = {hypervisor}\n[slave]\nmemory = {memory}\n"
    )
    assert cluster_in(own).named_nodes["slave"].memory == memory
