"""What a machine is told when maintenance begins."""

import re
import subprocess
from pathlib import Path

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


def stopping(folder: Path, role: str) -> subprocess.CompletedProcess[str]:
    """Stops Heartbeat on a machine whose programs say a role, and note that they were called."""
    programs = {"drbdadm": f"echo {role}", "timeout": f'echo "$@" >{folder}/stopped'}
    for name, does in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    command = ("sh", "-c", maintenance._STOP)
    path = {"PATH": f"{folder}:/usr/bin:/bin"}
    return subprocess.run(command, env=path, capture_output=True, text=True, check=False)


def test_heartbeat_is_stopped_where_nothing_is_served(tmp_path: Path) -> None:
    assert stopping(tmp_path, "Secondary/Primary").returncode == 0
    assert "systemctl stop heartbeat.service" in (tmp_path / "stopped").read_text()


def test_heartbeat_is_not_stopped_where_the_sites_would_end_with_it(tmp_path: Path) -> None:
    done = stopping(tmp_path, "Primary/Secondary")
    assert (done.returncode, done.stderr) == (1, "it serves now: run it again\n")
    assert not (tmp_path / "stopped").exists()
