"""The calls of pytest that ``make test`` makes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tandem.rendering import CHECKOUT
from tests.suite import FAILED, NONE, PASSED, verdict

BROKEN_OFF = pytest.ExitCode.INTERRUPTED
ONE_OF_EACH = """
import pytest
def test_any(): pass
@pytest.mark.lab
def test_lab(): pass
@pytest.mark.lab
@pytest.mark.beside
def test_beside(): pass
"""


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (PASSED, PASSED, PASSED),
        (FAILED, PASSED, FAILED),
        (PASSED, FAILED, FAILED),
        (NONE, PASSED, PASSED),
        (PASSED, NONE, PASSED),
        (NONE, FAILED, FAILED),
        (FAILED, NONE, FAILED),
        (NONE, NONE, NONE),
        (PASSED, BROKEN_OFF, BROKEN_OFF),
        (FAILED, BROKEN_OFF, BROKEN_OFF),
        (NONE, pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.INTERNAL_ERROR),
        (PASSED, -9, -9),
    ],
)
def test_the_worse_of_two_calls_counts(first: int, second: int, both: int) -> None:
    assert verdict(iter((first, second))) == both


@pytest.mark.parametrize(
    "status", [BROKEN_OFF, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR, -9]
)
def test_after_a_call_that_was_broken_off_there_is_no_other(status: int) -> None:
    calls = iter((status, PASSED))
    assert verdict(calls) == status
    assert list(calls) == [PASSED]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--side-by-side"], "test_any"),
        (["--alone"], "test_lab"),
        (["--beside"], "test_beside"),
        ([], "test_any test_lab test_beside"),
        (["--side-by-side", "--alone"], ""),
        (["--side-by-side", "-m", "lab"], ""),
    ],
)
def test_each_test_is_in_one_of_the_calls(tmp_path: Path, options: list[str], names: str) -> None:
    (tmp_path / "test_each.py").write_text(ONE_OF_EACH)
    listed = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", "pyproject.toml"),
            *("--collect-only", "--quiet", *options, str(tmp_path)),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.rpartition("::")[2] for line in listed.stdout.splitlines() if "::" in line]
    assert found == names.split()
