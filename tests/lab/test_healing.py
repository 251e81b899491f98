"""What is noted of faults, and what of them heals, when not every machine does what it is told."""

from pathlib import Path

import pytest

from tandem.description import cluster_in
from tandem.errors import TandemError
from tandem.lab import faults
from tandem.lab.lab import Lab
from tandem.lab.layout import layout_of
from tests.examples import FILES


class Told(Lab):
    """A lab whose machines do what they are told, and those that are ``deaf`` do not."""

    def __init__(self, folder: Path) -> None:
        self.cluster = cluster_in(FILES["cluster"])
        self.layout = layout_of(self.cluster)
        self.place = folder
        self.power = dict.fromkeys(self.cluster.machines, "on")
        self.deaf: set[str] = set()
        self.told: list[str] = []

    @property
    def folder(self) -> Path:
        return self.place

    def states(self) -> dict[str, str]:
        return self.power

    def run(self, host: str, command: str, timeout: float = 60) -> str:
        if host in self.deaf:
            raise TandemError(f"{host}: no end of it within {timeout:g} s: {command}")
        self.told.append(host)
        return ""


@pytest.fixture
def lab(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_what_is_healed_is_forgotten(lab: Told) -> None:
    faults.slow(lab, "replication", 100, 0)
    faults.bad_disk(lab, "slave", "zeoserver")
    faults.fill(lab, "zeoserver")
    assert faults.heal(lab) == ()
    assert faults.faults_of(lab) == faults.Faults()


def test_a_fault_that_was_made_on_one_machine_only_is_healed_too(lab: Told) -> None:
    lab.deaf = {"slave"}
    with pytest.raises(TandemError):
        faults.slow(lab, "replication", 100, 0)
    assert faults.faults_of(lab).sentences() == ("replication is slow",)
    lab.deaf = set()
    assert faults.heal(lab) == ()


def test_a_disk_that_was_half_filled_is_emptied_too(lab: Told) -> None:
    lab.deaf = {"zeoserver"}
    with pytest.raises(TandemError):
        faults.fill(lab, "zeoserver")
    assert faults.heal(lab) == ("zeoserver's disk is full",)
    lab.deaf = set()
    assert faults.heal(lab) == ()


def test_a_frozen_machine_keeps_its_faults(lab: Told) -> None:
    faults.slow(lab, "replication", 100, 0)
    faults.bad_disk(lab, "slave", "zeoserver")
    lab.power["slave"] = "frozen"
    lab.deaf = {"slave"}
    left = ("replication is slow", "slave's disk under zeoserver is bad")
    assert faults.heal(lab) == left
    assert faults.faults_of(lab).sentences() == left


def test_a_machine_that_is_off_has_forgotten_its_faults(lab: Told) -> None:
    faults.slow(lab, "replication", 100, 0)
    faults.bad_disk(lab, "slave", "zeoserver")
    lab.power["slave"] = "off"
    lab.deaf = {"slave"}
    assert faults.heal(lab) == ()


def test_a_machine_that_does_not_answer_keeps_no_other_from_being_healed(lab: Told) -> None:
    faults.slow(lab, "replication", 100, 0)
    lab.told.clear()
    lab.deaf = {"master"}
    assert faults.heal(lab) == ("replication is slow",)
    assert lab.told == ["slave"]


def test_a_disk_that_is_not_there_is_no_fault(lab: Told) -> None:
    lab.deaf = {"master"}
    with pytest.raises(TandemError):
        faults.bad_disk(lab, "master", "nosuch")
    assert faults.faults_of(lab) == faults.Faults()
