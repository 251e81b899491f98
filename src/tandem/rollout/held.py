"""What a deploy leaves alone on the pair while Heartbeat runs there.

Machines that disagree on a key, a port or an address take each other for dead, and so do machines
whose links stand still: one fences the other, perhaps the one that serves. So Heartbeat's files and
the links' change only while Heartbeat runs on neither machine, or become what they are on the other
machine while it does not run here; else the operator has to decide.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tandem.rollout.effects import LINKS_ANEW
from tandem.rollout.facts import Facts
from tandem.rollout.plan import DOWN, HEARTBEAT, START_HEARTBEAT
from tandem.rollout.step import Step

_LINKS: Final = "etc/systemd/network/*"
_HELD: Final = ("etc/ha.d/ha.cf", "etc/ha.d/authkeys", "etc/ha.d/haresources", _LINKS)

_IFUPDOWN: Final = "etc/network/interfaces"
"""What sets the links up until systemd-networkd does: without either a machine boots into none."""


@dataclass(frozen=True)
class Allowed:
    """The steps of a plan that may be done, and why the others may not: a sentence, or nothing."""

    steps: tuple[Step, ...]
    why_not: str = ""


def allowed(
    steps: tuple[Step, ...], facts: Facts, peer_steps: tuple[Step, ...] | None, peer: Facts | None
) -> Allowed:
    """What may be done on a machine of the pair, by its plan and facts and those of its peer.

    The peer's are None where it did not answer.
    """
    runs = _runs(facts) or peer is None or _runs(peer)
    others = peer_steps is None or any(map(_held, peer_steps))
    changing = [path for step in steps if (path := _held(step))]
    if changing and runs and (_runs(facts) or others):
        links = any(fnmatchcase(path, _LINKS) for path in changing)
        kept = tuple(
            step
            for step in steps
            if not (_held(step) or (links and _path(step) == _IFUPDOWN))
            and step.says != LINKS_ANEW
            and step is not START_HEARTBEAT
        )
        return Allowed(kept, _NOT_CHANGED.format(", ".join(f"/{path}" for path in changing)))
    if runs and others and START_HEARTBEAT in steps:
        kept = tuple(step for step in steps if step is not START_HEARTBEAT)
        return Allowed(kept, _NOT_STARTED)
    return Allowed(steps)


_NOT_CHANGED: Final = (
    "{} would change, and not while Heartbeat runs on a machine of the pair, or one might take the"
    " other for dead: the handbook, Roll it out, says how"
)
_NOT_STARTED: Final = (
    "Heartbeat is not started while its files on the other machine are not known to be the same, or"
    " one might take the other for dead: the handbook, Roll it out, says how"
)


def _path(step: Step) -> str:
    return str(step.file.path) if step.file else step.removes


def _held(step: Step) -> str:
    path = _path(step)
    return path if any(fnmatchcase(path, one) for one in _HELD) else ""


def _runs(facts: Facts) -> bool:
    unit = facts.units.get(HEARTBEAT)
    return unit is not None and unit.active not in DOWN
