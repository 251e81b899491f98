"""``fab failover``, ``failback`` and ``maintenance``."""

import json as jsonlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from fabric import Connection, task

from tandem.console import CLUSTER_HELP, CONSOLE, JSON_HELP, agreed, fail, told, working
from tandem.errors import TandemError
from tandem.failover import decision as deciding
from tandem.failover.decision import Decision, Pair
from tandem.failover.maintenance import begin, end
from tandem.failover.moving import amiss, move
from tandem.failover.rejoin import (
    Rejoining,
    give_up,
    histories_of,
    rejoining,
    switch_on,
    volumes_behind,
)
from tandem.failover.visitors import Seen, visitors
from tandem.model import Cluster
from tandem.rollout.deploying import alone
from tandem.rollout.doing import Command, look
from tandem.rollout.facts import Facts
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import visits

_WELL_WITHIN: Final = 120
"""How long it may take after a move until nothing is amiss, in seconds."""

_EVERY: Final = 2.0
"""How often it is looked at meanwhile, in seconds."""

_STUCK: Final = 300
"""After how long without a change a machine is taken not to come back, in seconds."""

Decide = Callable[[Cluster, Pair], Decision]

_HELP: Final = CLUSTER_HELP | JSON_HELP | {"yes": "do not ask"}


def commands(cluster: Cluster) -> Iterator[Command]:
    """The tasks for a cluster with a pair."""
    if cluster.pair:
        yield failover
        yield failback
        yield maintenance_on
        yield maintenance_off
        for name in cluster.pair:
            yield _rejoin(name)


@task(  # type: ignore[untyped-decorator]  # Fabric has no types
    help=_HELP | {"force": "do what is dangerous, too; what that is is said"}
)
def failover(
    _: Connection,
    cluster: str = "cluster.cfg",
    yes: bool = False,
    force: bool = False,
    json: bool = False,
) -> None:
    """Have the other machine serve: a switchover while both are healthy; or say why not."""
    _moved(Path(cluster), partial(_allowed, deciding.failover, force), yes, json)


def _allowed(decide: Decide, force: bool, cluster: Cluster, pair: Pair) -> Decision:
    """What is decided; with force nothing stands in the way of what is dangerous."""
    decision = decide(cluster, pair)
    if not decision.dangers:
        return decision
    if force:
        return replace(decision, why_not=())
    return replace(decision, dangers=(), why_not=(*decision.why_not, *_forced(decision)))


def _forced(decision: Decision) -> Iterator[str]:
    yield f"`fab failover --force` has {decision.to} serve all the same, which is dangerous:"
    yield from decision.dangers


@task(help=_HELP)  # type: ignore[untyped-decorator]
def failback(
    _: Connection, cluster: str = "cluster.cfg", yes: bool = False, json: bool = False
) -> None:
    """Have the pair's first machine serve again; or say why not."""
    _moved(Path(cluster), partial(_allowed, deciding.failback, False), yes, json)


def _moved(file: Path, decide: Decide, yes: bool, json: bool) -> None:
    with told():
        seen = look(file)
        decision = decide(seen.cluster, _pair(seen))
        if decision.dangers and any(visit.well for visit in visits(seen.cluster).values()):
            raise TandemError("a site answers, so a machine serves: nothing is done by force")
        _say(decision, json)
        if not decision.to:
            return
        if not yes and not agreed("Do it?"):
            raise TandemError("not done")
        with alone(seen):
            again = look(file)
            if decide(again.cluster, _pair(again)) != decision:
                raise TandemError("what runs where has changed meanwhile: run it again")
            came, seconds, left = _watched(file, again, decision, json)
    if json:
        result = {"serves": decision.to, "seconds": seconds, "amiss": left, **_figures(came)}
        print(jsonlib.dumps(result, indent=2))
    else:
        CONSOLE.print(f"{decision.to} serves, after {seconds:.1f} s; {came.report()}")
        for line in left:
            fail(line)
    if left:
        sys.exit(1)


def _say(decision: Decision, json: bool) -> None:
    """Say what was decided; ends the command where it may not be done."""
    if json:
        if not decision.to or decision.why_not:
            print(jsonlib.dumps(asdict(decision), indent=2))
    else:
        CONSOLE.print(decision.says, markup=False)
        for words in (*decision.dangers, *decision.why_not):
            fail(words)
    if decision.why_not:
        sys.exit(1)


def _watched(
    file: Path, seen: Survey, decision: Decision, json: bool
) -> tuple[Seen, float, tuple[str, ...]]:
    """Do it while visitors come: what they saw, how long it took (s), and what is amiss then."""
    started = time.monotonic()
    with visitors(seen.cluster) as came, working(decision.says) as tell:
        tell = (lambda _line: None) if json else tell
        move(seen.cluster, decision, tell)
        seconds = time.monotonic() - started
        until = time.monotonic() + _WELL_WITHIN
        while (left := amiss(file, seen.cluster)) and time.monotonic() < until:
            tell(f"all runs there, and is not well yet: {left[0]}")
            time.sleep(_EVERY)
    return came.seen, seconds, left


def _figures(came: Seen) -> dict[str, Any]:
    return {
        "visits": len(came.visits),
        "failed": came.failed,
        "nobody_answered": came.away,
        "longest": came.longest,
    }


def _pair(seen: Survey) -> Pair:
    return {name: seen.facts[name] for name in seen.cluster.pair}


@task(  # type: ignore[untyped-decorator]
    name="maintenance:on", help=CLUSTER_HELP | {"why": "what for; who looks sees it"}
)
def maintenance_on(_: Connection, why: str = "", cluster: str = "cluster.cfg") -> None:
    """Have nothing taken over until maintenance:off, whatever happens to a machine."""
    with told():
        if not why.strip():
            raise TandemError("there is no reason: expected --why='new disks', say")
        seen = look(Path(cluster))
        silent, known = _silent(seen), _known(seen)
        if silent and not any(facts.primary for facts in known.values()):
            raise TandemError("; ".join(one.report() for one in silent))
        with alone(seen):
            failed = begin(seen.cluster, known, why)
    _end(failed, "nothing is taken over until `fab maintenance:off`")


@task(name="maintenance:off", help=CLUSTER_HELP)  # type: ignore[untyped-decorator]
def maintenance_off(_: Connection, cluster: str = "cluster.cfg") -> None:
    """End the maintenance: each machine takes over from the other again."""
    with told():
        seen = look(Path(cluster))
        with alone(seen):
            failed = end(seen.cluster, _known(seen))
    _end((*_silent(seen), *failed), "Heartbeat runs on both machines, and each takes over")


def _rejoin(machine: str) -> Command:
    def command(_: Connection, cluster: str = "cluster.cfg", yes: bool = False) -> None:
        file = Path(cluster)
        with told():
            seen = look(file)
            other = seen.cluster.other_than(machine)
            decided = _rejoining(seen, machine)
            CONSOLE.print("\n".join(decided.says), markup=False)
            for why in decided.why_not:
                fail(why)
            if decided.why_not:
                sys.exit(1)
            if not decided.gives_up and not decided.power:
                return
            if not yes and not agreed("Do it?"):
                raise TandemError("not done")
            with alone(seen):
                again = look(file)
                if _rejoining(again, machine).does != decided.does:
                    raise TandemError("the volumes have changed meanwhile: run it again")
                if decided.power:
                    CONSOLE.print(switch_on(seen.cluster, machine, other), markup=False)
                else:
                    ending = give_up(seen.cluster, machine, _known(again), decided.copies)
                    kept = ", ".join(f"{name}-{ending}" for name in decided.gives_up)
                    CONSOLE.print(f"{machine} keeps what it gave up as {kept}", markup=False)
                seconds = _back(seen.cluster, machine)
            CONSOLE.print(f"{machine} is back, its volumes up to date, after {seconds:.1f} s")

    command.__doc__ = (
        f"Have {machine} come back to the pair: switched on, or giving up what it alone has."
    )
    return task(name=f"rejoin:{machine}", help=CLUSTER_HELP | {"yes": "do not ask"})(command)


def _rejoining(seen: Survey, machine: str) -> Rejoining:
    """What is to be done for a machine to come back, by what both say."""
    return rejoining(seen.cluster, machine, _pair(seen), histories_of(seen.cluster, _known(seen)))


def _back(cluster: Cluster, machine: str) -> float:
    """Wait until all volumes are up to date on a machine; after how many seconds they were.

    Raises TandemError where it stops coming nearer.
    """
    started = time.monotonic()
    with working(f"{machine} fetches") as tell:
        nearer, last = started, ""
        while left := volumes_behind(cluster, machine):
            tell(left)
            if left != last:
                nearer, last = time.monotonic(), left
            if time.monotonic() - nearer > _STUCK:
                raise TandemError(f"{machine} comes no nearer: {left}")
            time.sleep(_EVERY)
    return time.monotonic() - started


def _known(seen: Survey) -> dict[str, Facts]:
    return {name: one for name, one in _pair(seen).items() if isinstance(one, Facts)}


def _silent(seen: Survey) -> tuple[HostError, ...]:
    return tuple(one for one in _pair(seen).values() if isinstance(one, HostError))


def _end(failed: Sequence[HostError], says: str) -> None:
    """Say what came of it; ends the command with exit status 1 where not all of it worked."""
    for one in failed:
        fail(one.report())
    if failed:
        sys.exit(1)
    CONSOLE.print(says)
