"""VMs that were just made: how they come to be known, and waiting until they are there."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tandem.model import Host, Ssh
from tandem.rendering import CHECKOUT
from tandem.rollout.reading import at_once
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.survey import Survey
from tandem.rollout.vmdisks import HOST_KEYS

WITHIN: Final = 240
"""How long a VM may take until it lets us in, in seconds."""


def arrive(seen: Survey, tell: Callable[[str, str], None]) -> dict[str, HostError]:
    """Wait until the VMs that were made are there; what went wrong with those that are not.

    Each machine says which host keys it made for its VMs, and so they are known.
    """
    for machine, vms in seen.made_by.items():
        with Remote(seen.cluster.hosts[machine], seen.cluster.ssh) as remote:
            for name in vms:
                key = remote.run(f"cat {HOST_KEYS}/{name}.pub")
                remember(known_hosts(seen.cluster.ssh), seen.cluster.hosts[name].address, key)

    def wait(host: Host) -> None:
        tell(host.name, "boots")
        deadline = time.monotonic() + WITHIN
        while True:
            try:
                with Remote(host, seen.cluster.ssh) as remote:
                    remote.run("true", within=10)
                    return
            except HostError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(1)

    waited = at_once([seen.cluster.hosts[name] for name in seen.coming], wait)
    return {name: one for name, one in waited.items() if isinstance(one, HostError)}


def known_hosts(ssh: Ssh) -> Path:
    """The file of the host keys that are known."""
    return CHECKOUT / ssh.known_hosts if ssh.known_hosts else Path.home() / ".ssh/known_hosts"


def remember(file: Path, address: str, key: str) -> None:
    """Have a host known by its key (a line of OpenSSH's), and by no other."""
    lines = file.read_text().splitlines() if file.exists() else []
    kept = [line for line in lines if line.split(" ")[0] != address]
    kept.append(f"{address} {' '.join(key.split()[:2])}")
    if kept == lines:
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.write_text("\n".join((*kept, "")))
    unfinished.replace(file)
