"""What the machine that serves is told when the other one is to serve."""

import subprocess
from pathlib import Path

import pytest

from tandem.drivers.heartbeat import Heartbeat


def handing_over(folder: Path, hears: int) -> subprocess.CompletedProcess[str]:
    """Hand over to a Heartbeat that hears only so manieth of the requests."""
    programs = {
        "hb_standby": f"echo asked >>{folder}/asked",
        "cl_status": f"[ $(wc -l <{folder}/asked) -ge {hears} ] && echo transition || echo local",
        "sleep": ":",
    }
    for name, does in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        ("sh", "-c", Heartbeat.giving.replace("/usr/share/heartbeat/", "")),
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("hears", [1, 3])
def test_a_request_that_was_lost_is_made_again(tmp_path: Path, hears: int) -> None:
    assert handing_over(tmp_path, hears).returncode == 0
    assert (tmp_path / "asked").read_text() == "asked\n" * hears


def test_what_is_never_heard_is_said(tmp_path: Path) -> None:
    done = handing_over(tmp_path, 4)
    assert done.returncode == 1
    assert done.stderr.startswith("Heartbeat does not hand over: ")
