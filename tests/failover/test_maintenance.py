"""What a machine is told when maintenance begins."""

import re
import subprocess
from pathlib import Path

import pytest

from tandem.failover import maintenance
from tandem.failover.maintenance import words_for
from tandem.model import MAINTENANCE


def test_who_since_when_and_why_is_one_line() -> None:
    words = words_for("new disks,\n and memory ")
    assert re.fullmatch(
        r"\S+@\S+ since \d{4}-\d\d-\d\d \d\d:\d\d UTC: new disks, and memory", words
    )


def test_the_mark_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    script = maintenance._MARK.replace(str(MAINTENANCE.parent), str(folder))
    subprocess.run(("sh", "-c", script.format(words="'it''s me'")), check=True)
    assert (folder / MAINTENANCE.name).read_text() == "its me\n"
    assert [path.name for path in folder.iterdir()] == [MAINTENANCE.name]


def stopping(folder: Path, drbd: str) -> subprocess.CompletedProcess[str]:
    """Stops Heartbeat on a machine with this drbdadm, and notes what systemctl was told."""
    for name, does in {"drbdadm": drbd, "systemctl": f'echo "$@" >{folder}/told'}.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        ("sh", "-c", maintenance._STOP.replace("/run/", f"{folder}/")),
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("role", ["Secondary/Primary", "Secondary/Unknown", "Secondary"])
def test_heartbeat_is_stopped_where_nothing_is_served(tmp_path: Path, role: str) -> None:
    assert stopping(tmp_path, f"echo {role}").returncode == 0
    assert (tmp_path / "told").read_text() == "stop heartbeat.service\n"


@pytest.mark.parametrize(
    ("drbd", "why"),
    [
        ("echo Secondary/Primary; echo Primary/Secondary", "it serves now; run it again"),
        ("echo Primary", "it serves now; run it again"),
        ("exit 1", "DRBD does not say whether it serves"),
    ],
)
def test_heartbeat_is_not_stopped_where_the_sites_could_end_with_it(
    tmp_path: Path, drbd: str, why: str
) -> None:
    done = stopping(tmp_path, drbd)
    assert (done.returncode, done.stderr) == (1, f"Heartbeat goes on there: {why}\n")
    assert not (tmp_path / "told").exists()
