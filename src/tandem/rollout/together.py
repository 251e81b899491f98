"""Changing Heartbeat's files, which two machines have to do together.

While the two disagree on a key, a port or an address, each takes the other for dead and fences it:
Heartbeat 3 believes nothing that is signed with another key than its own, whichever others its
``authkeys`` lists. A Heartbeat that is stopped in order is missed by nobody: so the standby's is
stopped first, and started again when the active machine's has read its new files. Until then
nothing is taken over.
"""

from collections.abc import Mapping
from typing import Final

from tandem.rollout.effects import HEARTBEAT_FILES, READ_BY_HEARTBEAT
from tandem.rollout.facts import Facts
from tandem.rollout.plan import STARTED_LAST, Step

_UNIT: Final = "heartbeat.service"


def changes_heartbeat(steps: tuple[Step, ...]) -> bool:
    """Whether the steps change files that the two machines have to agree on."""
    return any(step.file and str(step.file.path) in HEARTBEAT_FILES for step in steps)


def standby_first(
    plans: Mapping[str, tuple[Step, ...]], facts: Mapping[str, Facts], pair: tuple[str, str]
) -> tuple[dict[str, tuple[Step, ...]], dict[str, str]]:
    """The plans with Heartbeat's files changed in that order; ``pair`` is standby and active.

    Where not both machines are planned for, the other one does not change alone: its plan is
    without, and why is said in the second mapping, by its name.
    """
    changed = [name for name in pair if changes_heartbeat(plans.get(name, ()))]
    missing = [name for name in pair if name not in plans]
    if not changed:
        return dict(plans), {}
    if missing:
        without = {name: _without(plans[name]) for name in changed}
        return {**plans, **without}, dict.fromkeys(changed, _REFUSED.format(missing[0]))
    standby = pair[0]
    steps = tuple(step for step in plans[standby] if step.says != READ_BY_HEARTBEAT.says)
    if facts[standby].units[_UNIT].active == "active":
        steps = (_STOP, *steps, STARTED_LAST)
    return {**plans, standby: steps}, {}


def _without(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(
        step
        for step in steps
        if step.says != READ_BY_HEARTBEAT.says
        and not (step.file and str(step.file.path) in HEARTBEAT_FILES)
    )


_REFUSED: Final = (
    "Heartbeat's files are to change, and only together with those of {}, or each machine takes the"
    " other for dead: fab deploy, with both machines there"
)
_STOP: Final = Step(
    "stop Heartbeat, which is missed by nobody; nothing is taken over until it is started again",
    f"systemctl stop {_UNIT}",
)
