"""What is preloaded to User Mode Linux does what Debian's kernel of it lacks."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tandem.lab import uml

_ASKING: Final = Path(__file__).with_name("asking_as_uml.py")


def asked(folder: Path, what: str, *, preloaded: bool) -> str:
    made = ("tcc", "-shared", "-nostdlib", "-o", folder / "uml.so", uml.PRELOADED)
    subprocess.run(made, check=True)
    done = subprocess.run(
        (sys.executable, _ASKING, what),
        env={**os.environ, "LD_PRELOAD": "./uml.so" if preloaded else ""},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif("avx" not in Path("/proc/cpuinfo").read_text(), reason="no AVX: all fits")
def test_the_host_takes_nothing_but_all_registers(tmp_path: Path) -> None:
    assert asked(tmp_path, "registers", preloaded=False) == "not taken: Bad address\n"


def test_registers_that_do_not_fit_are_given_back_as_zeros(tmp_path: Path) -> None:
    assert asked(tmp_path, "registers", preloaded=True) == "taken as given, then zeros\n"


def test_a_timer_that_is_used_up_stays_so_on_the_host(tmp_path: Path) -> None:
    assert asked(tmp_path, "timer", preloaded=False) == "0 ns are left; it did not ring\n"


def test_a_timer_that_is_used_up_rings_soon(tmp_path: Path) -> None:
    assert asked(tmp_path, "timer", preloaded=True) == "1000000 ns are left; it rang\n"


def test_a_timer_that_is_set_is_left_alone(tmp_path: Path) -> None:
    assert asked(tmp_path, "set-timer", preloaded=True) == "an hour or less is left\n"
