"""VMs that were just made: how they come to be known, and waiting until they are there."""

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Event
from typing import Final

from tandem.model import Cluster, Host, Ssh
from tandem.rendering import CHECKOUT
from tandem.rollout.deploying import Outcome
from tandem.rollout.reading import at_once
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.survey import Survey
from tandem.rollout.vmdisks import HOST_KEYS

WITHIN: Final = 240
"""How long a VM may take until it lets us in, in seconds."""


def arrive(
    cluster: Cluster, made_by: Mapping[str, Iterable[str]], tell: Callable[[str, str], None]
) -> tuple[Outcome, ...]:
    """Wait until the VMs that machines made are there; what came of each, and how long it took.

    Each machine says which host keys it made for its VMs, and so they are known.
    """
    began = time.monotonic()
    broken_off = Event()
    unsaid: dict[str, float | HostError] = {}
    for machine, vms in made_by.items():
        try:
            with Remote(cluster.hosts[machine], cluster.ssh) as remote:
                for name in vms:
                    key = remote.run(f"cat {HOST_KEYS}/{name}.pub")
                    remember(known_hosts(cluster.ssh), cluster.hosts[name].address, key)
        except HostError as error:
            unsaid |= {name: _unsaid(name, error) for name in vms}

    def wait(host: Host) -> float:
        tell(host.name, "boots")
        while True:
            try:
                with Remote(host, cluster.ssh) as remote:
                    remote.run("true", within=10)
                    return time.monotonic() - began
            except HostError:
                if broken_off.is_set() or time.monotonic() - began > WITHIN:
                    raise
            broken_off.wait(1)

    coming = (name for vms in made_by.values() for name in vms if name not in unsaid)
    waited = at_once((cluster.hosts[name] for name in coming), wait, broken_off)
    return tuple(
        Outcome(name, 0, 1, time.monotonic() - began, one.sentence)
        if isinstance(one, HostError)
        else Outcome(name, 1, 1, one, took=(("boot", one),))
        for name, one in {**waited, **unsaid}.items()
    )


def introduce(seen: Survey) -> tuple[bool, dict[str, HostError]]:
    """Have VMs known that are not, by the host keys their machines made.

    So they are when a roll-out that made them has broken off. Whether any was; and what went wrong
    with the others, whose machines did not say which they are.
    """
    unknown = (
        seen.cluster.hosts[name]
        for name, said in seen.facts.items()
        if isinstance(said, HostError) and "host key" in said.sentence
    )
    keys = at_once(unknown, lambda host: _key_of(seen, host))
    learned = {name: key for name, key in keys.items() if isinstance(key, str) and key}
    for name, key in learned.items():
        remember(known_hosts(seen.cluster.ssh), seen.cluster.hosts[name].address, key)
    return bool(learned), {name: one for name, one in keys.items() if isinstance(one, HostError)}


def _key_of(seen: Survey, host: Host) -> str:
    """The host key that a machine made for a VM, if one did; raises HostError."""
    key = ""
    unsaid: HostError | None = None
    for node in host.vm.machines if host.vm else ():
        if node.name in seen.known:
            try:
                with Remote(seen.cluster.hosts[node.name], seen.cluster.ssh) as remote:
                    printed = remote.run(f"cat {HOST_KEYS}/{host.name}.pub 2>/dev/null || true")
                    key = printed.strip() or key
            except HostError as error:
                unsaid = _unsaid(host.name, error)
    if unsaid and not key:
        raise unsaid
    return key


def _unsaid(vm: str, error: HostError) -> HostError:
    return HostError(vm, f"{error.host} did not say what its host key is: {error.sentence}")


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
