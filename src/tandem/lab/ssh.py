"""The lab's way into its hosts: OpenSSH, in the lab's network, with keys of the lab's own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.lab.guest import Keys

_OPTIONS: Final = (
    "BatchMode=yes",
    "ConnectTimeout=3",
    "GlobalKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
    "ServerAliveInterval=5",
    "StrictHostKeyChecking=yes",
)


@dataclass(frozen=True)
class Identity:
    """Whom the lab's hosts let in, and by what it knows them: files of OpenSSH."""

    key: Path
    known_hosts: Path

    def command(self, address: str) -> tuple[str | Path, ...]:
        """The ssh command that comes in as root; what it is to run may follow."""
        options = (f"-o{option}" for option in _OPTIONS)
        known = f"-oUserKnownHostsFile={self.known_hosts}"
        return ("ssh", "-F", "none", "-i", self.key, known, *options, f"root@{address}")


def key_in(folder: Path) -> Path:
    """The lab's own private key in the folder, made if it is not there."""
    key = folder / "lab-key"
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(key, "tandem-lab")
    return key


def keys_for(host: str, key: Path, folder: Path) -> Keys:
    """The keys of a host: the lab's, to be let in, and new ones of its own, by way of a folder."""
    own = folder / f"{host}-key"
    _make(own, host)
    keys = Keys(_public(key).read_text(), own.read_text(), _public(own).read_text())
    own.unlink()
    _public(own).unlink()
    return keys


def known_host(address: str, keys: Keys) -> str:
    """The line of a host in known_hosts."""
    return f"{address} {' '.join(keys.host_public.split()[:2])}\n"


def _make(key: Path, comment: str) -> None:
    command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")
