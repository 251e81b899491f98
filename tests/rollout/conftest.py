"""A host for the tests: the sshd of Debian's package on an address of loopback, as root."""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tandem.model import Host, Ssh

# One of loopback that no other process of the tests has.
ADDRESS = ".".join(map(str, (127, *(os.getpid() | 1 << 23).to_bytes(3, "big"))))


@dataclass(frozen=True)
class Sshd:
    """An sshd that runs, whom it lets in, and by what it is known: files of OpenSSH."""

    host: Host
    ssh: Ssh
    folder: Path
    process: subprocess.Popen[bytes]


def key(path: Path) -> Path:
    command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path))
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    if os.geteuid() != 0:
        pytest.skip("an sshd on port 22 takes root")
    host_key, own = key(tmp_path / "host"), key(tmp_path / "own")
    (tmp_path / "authorized").write_text(own.with_suffix(".pub").read_text())
    public = host_key.with_suffix(".pub").read_text()
    (tmp_path / "known").write_text(f"{ADDRESS} {public}")
    Path("/run/sshd").mkdir(exist_ok=True)
    options = {
        "ListenAddress": ADDRESS,
        "HostKey": host_key,
        "AuthorizedKeysFile": tmp_path / "authorized",
        "PidFile": "none",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
    }
    words = (f"-o{name}={value}" for name, value in options.items())
    command = ("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *words)
    with (tmp_path / "sshd.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, start_new_session=True)
    try:
        _await(tmp_path / "sshd.log")
        ssh = Ssh(key=str(own), known_hosts=str(tmp_path / "known"))
        yield Sshd(Host("master", ADDRESS, ()), ssh, tmp_path, process)
    finally:
        process.terminate()
        process.wait()


def _await(log: Path) -> None:
    until = time.monotonic() + 10
    while "Server listening" not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
