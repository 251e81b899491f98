"""Which Debian the lab's hosts run, and what is said while it is made."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.images import debian as made
from tandem.images.debian import (
    Progress,
    Release,
    debian,
    settings,
    sources,
)

TARGETS = """\
http://mirror.example/debian/ bookworm main
http://mirror.example/debian/ bookworm contrib
http://mirror.example/debian/ bookworm-updates main
http://mirror.example/debian/ bookworm-backports main
http://mirror.example/debian/ bookworm main
http://mirror.example/debian-security/ bookworm-security main
https://tools.example/debian/ bookworm stable
https://tools.example/node/ nodistro main
https://tools.example/database/ bookworm-pgdg main
"""


def test_sources_are_those_of_the_release_and_its_updates_alone() -> None:
    assert sources(TARGETS, "bookworm") == (
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://mirror.example/debian-security/ bookworm-security main",
    )


def test_a_computer_without_sources_of_its_release_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(made, "_said_by", lambda *_command: "")
    made.this_release.cache_clear()
    with pytest.raises(TandemError, match="has no source of"):
        debian(["kmod"], Path("nowhere"), print)


def test_how_apt_gets_to_its_sources_is_taken_over_and_nothing_else() -> None:
    dump = """\
APT::Architecture "amd64";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Verify-Peer "true";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Acquire::Languages:: "de";
DPkg::Post-Invoke:: "rm -f /var/cache/apt/*.deb";
"""
    assert settings(dump) == (
        'Acquire::http::Proxy "http://proxy.example:3128";',
        'Acquire::https::Verify-Peer "true";',
        'Acquire::Check-Valid-Until "false";',
        'Acquire::Retries "3";',
    )


def told(*lines: str) -> list[str]:
    progress = Progress()
    return [line for line in map(progress.after, lines) if line]


def test_progress_counts_the_packages_of_a_phase() -> None:
    assert told(
        "I: downloading packages with apt...",
        "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
        "Get:1 http://mirror.example/debian bookworm/main amd64 libc6 amd64 2.36 [2759 kB]",
        "I: installing essential packages...",
        "Unpacking libc6:amd64 (2.36) ...",
        "Setting up libc6:amd64 (2.36) ...",
    ) == [
        "downloading",
        "downloading, 50 %",
        "installing the essentials",
        "installing the essentials, 25 %",
        "installing the essentials, 50 %",
    ]


def test_progress_says_nothing_of_what_changes_nothing() -> None:
    assert told("I: chroot architecture amd64 is equal to the host's architecture", "") == []


@pytest.mark.parametrize(
    ("printed", "fault"),
    [
        (
            "I: installing remaining packages...\nE: Unable to locate package nosuch\n"
            "E: run_chroot failed: apt-get failed\n",
            "Unable to locate package nosuch",
        ),
        (
            "dpkg: error processing archive a.deb: No space left on device\nE: setup failed\n",
            "the disk is full: make room and run it again",
        ),
        ("Killed\n\n", "Killed"),
        ("", "it said nothing"),
    ],
)
def test_a_failure_is_the_first_thing_that_went_wrong(printed: str, fault: str) -> None:
    assert made.fault(printed) == fault


@pytest.mark.root
def test_a_source_that_cannot_be_reached_is_said_in_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = ("deb http://127.0.0.1:9/debian bookworm main",)
    monkeypatch.setattr(
        made,
        "this_release",
        lambda: Release("Debian 12", "bookworm", nobody, ('Acquire::Retries "0";',)),
    )
    with pytest.raises(TandemError) as raised:
        debian(["kmod"], tmp_path, lambda _line: None)
    assert re.fullmatch("making Debian 12 failed: .*connect.*127.0.0.1.*", raised.value.report())
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


@pytest.mark.root
@pytest.mark.slow
def test_a_debian_that_was_broken_off_is_not_there_and_mounts_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tandem.images.debian import debian\n"
        "debian(['kmod'], Path(sys.argv[1]), lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True
    ) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if "essentials" in line:
                process.send_signal(signal.SIGKILL)
    assert any(re.search(r": downloading, \d+ %", line) for line in lines)
    assert not list(tmp_path.glob("debian-*"))
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
