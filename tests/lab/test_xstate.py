"""What User Mode Linux gives back of a process's registers is taken, though it is not the whole."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tandem.lab import uml

_TRACER: Final = Path(__file__).with_name("tracer.py")


def traced(folder: Path, preloaded: str) -> str:
    made = ("tcc", "-shared", "-nostdlib", "-o", folder / "xstate.so", uml.XSTATE)
    subprocess.run(made, check=True)
    done = subprocess.run(
        (sys.executable, _TRACER),
        env={**os.environ, "LD_PRELOAD": preloaded},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif("avx" not in Path("/proc/cpuinfo").read_text(), reason="no AVX: all fits")
def test_the_host_takes_nothing_but_the_whole(tmp_path: Path) -> None:
    assert traced(tmp_path, "") == "not taken: Bad address\n"


def test_what_does_not_fit_is_given_back_as_zeros(tmp_path: Path) -> None:
    assert traced(tmp_path, "./xstate.so") == "taken as given, then zeros\n"
