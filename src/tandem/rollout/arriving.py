"""VMs that were just made: how they come to be known, and waiting until they are there."""

import subprocess
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


def introduce(seen: Survey) -> bool:
    """Have VMs known that are not, by the host keys their machines made; whether any was.

    So they are when a roll-out that made them has broken off.
    """
    learned = False
    for name, said in seen.facts.items():
        vm = seen.cluster.hosts[name].vm
        if not (vm and isinstance(said, HostError) and "host key" in said.sentence):
            continue
        for node in vm.machines:
            if node.name in seen.known:
                with Remote(seen.cluster.hosts[node.name], seen.cluster.ssh) as remote:
                    key = remote.run(f"cat {HOST_KEYS}/{name}.pub 2>/dev/null || true")
                if key.strip():
                    remember(known_hosts(seen.cluster.ssh), vm.address, key)
                    learned = True
    return learned


def known_hosts(ssh: Ssh) -> Path:
    """The file of the host keys that are known."""
    return CHECKOUT / ssh.known_hosts if ssh.known_hosts else Path.home() / ".ssh/known_hosts"


def remember(file: Path, address: str, key: str) -> None:
    """Have a host known by its key (a line of OpenSSH's), and by no other."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.exists():
        # It finds those, too, whose addresses are hashed.
        forget = ("ssh-keygen", "-R", address, "-f", file)
        subprocess.run(forget, check=False, capture_output=True)
    with file.open("a") as known:
        known.write(f"{address} {' '.join(key.split()[:2])}\n")
