"""From one release of a host's software to another, and what is started anew for that."""

from collections.abc import Collection, Iterator
from typing import Final

from tandem.rollout.differing import since_current
from tandem.rollout.effects import effects_of
from tandem.rollout.facts import Facts, Unit
from tandem.rollout.release import newest, started_from
from tandem.rollout.step import Phase, Step
from tandem.rollout.wanted import Wanted
from tandem.rollout.wheels import RECEIVING, Wheels


def building(wanted: Wanted, facts: Facts) -> Iterator[Step]:
    """The steps until the release that a host is to have is there, beside the one that runs."""
    release = wanted.release
    if release is None or _named(wanted, facts):
        return
    if release.pins not in (built.pins for built in facts.releases.values()):
        yield Step(
            "send the wheels that it lacks",
            RECEIVING,
            sends=Wheels(release.roles),
            phase=Phase.AHEAD,
        )
    yield Step(
        f"build a release for {' and '.join(release.roles)}",
        release.building,
        diff=since_current(release, facts),
        sends=release,
        phase=Phase.AHEAD,
    )


def switching(wanted: Wanted, facts: Facts, changed: Collection[str]) -> Iterator[Step]:
    """The steps that make changed files count, and have programs run the release wanted.

    ``changed`` has the files' paths without their first slash.
    """
    if wanted.release:
        name = _named(wanted, facts)
        yield from _to(name, newest(wanted.release.digest), wanted, facts, changed)
    else:
        yield from _effects(wanted, facts, changed, (), "")


def going_to(name: str, wanted: Wanted, facts: Facts) -> Iterator[Step]:
    """The steps that have programs run a release that is there."""
    yield from _to(name, name, wanted, facts, ())


def _named(wanted: Wanted, facts: Facts) -> str:
    """What the release wanted is called on the host, where it is there."""
    digest = wanted.release.digest if wanted.release else ""
    return max((name for name, one in facts.releases.items() if one.digest == digest), default="")


def _to(
    name: str, called: str, wanted: Wanted, facts: Facts, changed: Collection[str]
) -> Iterator[Step]:
    """``called``: the shell word for the name, which is not known before it is built."""
    stale = sorted(unit for unit, runs in facts.runs.items() if runs != name)
    before = facts.current
    if before == name:
        # A roll that broke off: what has not been started anew is of the one before.
        before = next((facts.runs[unit] for unit in stale), "")
    back = started_from(before) if before else ""
    if not name or facts.current != name or stale:
        yield Step(f"go to the release {name or 'that was built'}", started_from(called), undo=back)
    yield from _effects(wanted, facts, changed, stale, back)


_UNKNOWN: Final = Unit("inactive", "")


def _effects(
    wanted: Wanted, facts: Facts, changed: Collection[str], stale: Collection[str], back: str
) -> Iterator[Step]:
    waiting = [
        Step(f"wait until {unit} is ready", turn.awaited)
        for unit, turn in wanted.turns.items()
        if unit not in stale
        and facts.clients.get(unit, "ready") != "ready"
        and facts.units.get(unit, _UNKNOWN).active == "active"
    ]
    for effect in effects_of(changed, facts.units, wanted, stale):
        if effect.unit in wanted.turns:
            yield from waiting
            waiting = []
        undo = effect.does if back and effect.unit in stale else ""
        yield Step(effect.says, effect.does, visitors=effect.visitors, undo=undo)
