"""What is wrong with a description is said: a file for each fault, with the lines it must get.

A file in ``wrong/`` begins with these lines, as comments and without the file's name. After an
empty line comes a description, which mostly extends ``valid.cfg``.
"""

import re
from pathlib import Path

import pytest

from tandem.description import DescriptionError, cluster_in
from tandem.model.checks import RESERVED

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
WRONG = sorted((HERE / "wrong").iterdir())
PROFILES = [
    *(CHECKOUT / name for name in ("base.cfg", "buildout.cfg", "versions.cfg")),
    *sorted((CHECKOUT / "profiles").glob("*.cfg")),
]


def expected_in(file: Path) -> list[str]:
    comments, _, _ = file.read_text().partition("\n\n")
    return [line.removeprefix("# ") for line in comments.split("\n")]


def test_there_are_many_wrong_descriptions() -> None:
    assert len(WRONG) >= 150


def test_what_they_extend_has_no_fault() -> None:
    assert cluster_in(HERE / "valid.cfg").name == "example"


@pytest.mark.parametrize("file", WRONG, ids=[file.stem for file in WRONG])
def test_a_wrong_description_gets_a_line_for_each_fault(file: Path) -> None:
    with pytest.raises(DescriptionError) as raised:
        cluster_in(file)
    lines = raised.value.report().splitlines()
    assert lines == [f"{file.name}: {line}" for line in expected_in(file)]


@pytest.mark.parametrize("file", WRONG, ids=[file.stem for file in WRONG])
def test_a_fault_is_one_short_line(file: Path) -> None:
    with pytest.raises(DescriptionError) as raised:
        cluster_in(file)
    faults = [str(fault) for fault in raised.value.faults]
    assert [fault for fault in faults if len(fault) > 250 or not fault.isprintable()] == []


@pytest.mark.parametrize("file", PROFILES, ids=[file.stem for file in PROFILES])
def test_no_machine_can_have_the_name_of_a_section_of_the_profiles(file: Path) -> None:
    sections = re.findall(r"(?m)^\[([^\]:]+)", file.read_text())
    assert sections
    assert {*sections} <= RESERVED
