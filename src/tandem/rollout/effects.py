"""What makes changed files count, and what visitors notice of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tandem.drivers import WATCH
from tandem.rendering.hosts import FRONTEND_THERE
from tandem.rollout.facts import Unit, unit_in
from tandem.rollout.wanted import Wanted


@dataclass(frozen=True)
class Effect:
    """What is done once files of ``paths`` (patterns) have changed, while ``unit`` runs.

    ``says`` is a clause for the operator, ``does`` POSIX shell; ``visitors`` says what they notice,
    and is empty where that is nothing.
    """

    says: str
    does: str
    paths: tuple[str, ...]
    unit: str = ""
    visitors: str = ""


_FRONTEND: Final = str(FRONTEND_THERE.parts).lstrip("/")

LINKS_ANEW: Final = "have systemd-networkd set the links up anew"

EFFECTS: Final = (
    Effect("take the host's name", "hostname -F /etc/hostname", ("etc/hostname",)),
    Effect("have systemd read its units", "systemctl daemon-reload", ("etc/systemd/system/*",)),
    Effect("make the account", "systemd-sysusers", ("etc/sysusers.d/*",)),
    Effect("make its folders", "systemd-tmpfiles --create", ("etc/tmpfiles.d/*",)),
    Effect(
        LINKS_ANEW,
        "networkctl reload",
        ("etc/systemd/network/*",),
        "systemd-networkd.service",
        "connections stand still, up to 3 s",
    ),
    Effect(
        "load the firewall",
        "systemctl reload nftables.service",
        ("etc/nftables.conf",),
        "nftables.service",
    ),
    Effect(
        "have DRBD take its configuration",
        "drbdadm adjust all",
        ("etc/drbd.conf", "etc/drbd.d/*"),
        "drbd.service",
    ),
    # Heartbeat may end it meanwhile, and then it is not to run.
    Effect(
        f"start {WATCH} anew",
        f"systemctl try-restart {WATCH}",
        ("usr/local/lib/tandem/watch", f"etc/systemd/system/{WATCH}"),
        WATCH,
    ),
    Effect("have GRUB take what the next boot tells Xen", "update-grub", ("etc/default/grub.d/*",)),
    Effect(
        "have Apache take its configuration, once it has checked it",
        f"apache2 -t -f /{_FRONTEND}/httpd.conf && systemctl reload tandem-frontend.service",
        (f"{_FRONTEND}/httpd.conf", f"{_FRONTEND}/503.html"),
        "tandem-frontend.service",
    ),
)
"""In the order in which they are done."""

_RESTARTS: Final = (
    # Nobody waits in it yet.
    ("tandem-waitingroom.service", ""),
    ("tandem-zeoclient*.service", ""),
    ("tandem-zeoserver.service", "requests wait, up to 3 s"),
    ("tandem-frontend.service", "no answer, up to 3 s"),
    ("tandem-*.timer", ""),
)
"""Units that are started anew when their own files change, and what visitors notice."""

_LATER: Final = {
    "etc/xen/*.cfg": "it counts when the VM starts the next time",
    "etc/default/xendomains": "it counts at the next boot",
    "etc/network/interfaces": "it counts at the next boot",
    "etc/default/grub.d/*": "it counts at the next boot",
}
"""What is read at its own time."""

_READ_BY: Final = {
    f"{_FRONTEND}/run": "tandem-frontend.service",
    f"{_FRONTEND}/waitingroom": "tandem-waitingroom.service",
}
"""Programs that a unit runs."""


def effects_of(
    changed: Collection[str],
    units: Mapping[str, Unit],
    wanted: Wanted,
    stale: Collection[str] = (),
) -> Iterator[Effect]:
    """What is to be done after these files have changed, by their paths without the first slash.

    ``stale`` are units that run something else than what they would be started from now.
    """
    named = {*stale, *map(_restarts, changed)}
    restarted = {unit for unit in named if unit and _runs(unit, units)}
    for effect in EFFECTS:
        touched = any(fnmatchcase(path, one) for path in changed for one in effect.paths)
        counts = not effect.unit or _runs(effect.unit, units)
        if touched and counts and effect.unit not in restarted:
            yield effect
    for pattern, visitors in _RESTARTS:
        for unit in sorted(unit for unit in restarted if fnmatchcase(unit, pattern)):
            if turn := wanted.turns.get(unit):
                yield Effect(turn.says, turn.does, (), unit)
            else:
                does = f"systemctl restart {unit}\n{wanted.awaited.get(unit, '')}".strip()
                yield Effect(f"start {unit} anew", does, (), unit, visitors)


def waits_for(path: str) -> str:
    """When a changed file counts, if that is neither at once nor by an effect: a clause, or ``""``.

    So it is with what is not started anew for that: a VM, DRBD, Heartbeat and the network.
    """
    unit = unit_in(path)
    if unit and not _restarts(path):
        return f"it counts when {unit} starts the next time"
    return next((when for one, when in _LATER.items() if fnmatchcase(path, one)), "")


def _restarts(path: str) -> str:
    unit = _READ_BY.get(path) or unit_in(path)
    return unit if any(fnmatchcase(unit, pattern) for pattern, _ in _RESTARTS) else ""


def _runs(unit: str, units: Mapping[str, Unit]) -> bool:
    return unit in units and units[unit].active == "active"
