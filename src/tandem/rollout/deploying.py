"""Doing the plans of many hosts, stage by stage, and what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event
from time import monotonic

from tandem.errors import TandemError
from tandem.model import Cluster, Host
from tandem.rollout.apply import apply, take_back
from tandem.rollout.lock import locked
from tandem.rollout.reached import check_reached, not_yet
from tandem.rollout.reading import at_once
from tandem.rollout.release import named_now
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.step import Phase, Step
from tandem.rollout.survey import Survey

Plans = Mapping[str, Sequence[Step]]
"""Steps by the names of hosts."""

Tell = Callable[[str, str], None]
"""Takes a host's name, and what is being done there."""


@dataclass(frozen=True)
class Outcome:
    """What came of a host: steps that were done, in how many seconds, and what failed.

    ``took`` has the seconds of each step that was done, by what it says.
    """

    host: str
    done: int
    steps: int
    seconds: float
    error: str = ""
    took: tuple[tuple[str, float], ...] = ()


@contextmanager
def alone(seen: Survey) -> Iterator[Callable[[], str]]:
    """Nobody else rolls out to any machine that the survey knows meanwhile; raises HostError.

    What visitors notice of a change on one machine depends on the others, those too that are not
    changed. Gives what says why that is no longer so, and nothing while it is.
    """
    with ExitStack() as stack:
        held = [
            stack.enter_context(locked(stack.enter_context(Remote(host, seen.cluster.ssh))))
            for name, host in seen.cluster.hosts.items()
            if host.machine and name in seen.known
        ]
        yield lambda: next((why for one in held if (why := one())), "")


def carry_out(plans: Plans, seen: Survey, stop: Callable[[], str], tell: Tell) -> Iterator[Outcome]:
    """Do plans for hosts of the survey, a stage's hosts at once.

    After a step that fails the later stages are not touched: what serves is left as it is. Nor is
    any further step done once ``stop`` says why, or the operator has broken it off: what was done
    by then comes before the KeyboardInterrupt.
    """
    broken_off = Event()

    def why() -> str:
        return "broken off" if broken_off.is_set() else stop()

    every = tuple(host for stage in seen.stages for host in stage)
    rounds = (
        (every, Phase.AHEAD),
        *((stage, Phase.IN_TURN) for stage in seen.stages),
        (every, Phase.LAST),
    )
    started = named_now()
    stopped = ""
    for stage, phase in rounds:
        steps = {
            name: [step for step in plan if step.phase is phase] for name, plan in plans.items()
        }
        todo = [host for host in stage if steps.get(host.name)]
        stopped = stopped or (why() if todo else "")
        if stopped:
            yield from (_untouched(host, steps[host.name], stopped) for host in todo)
            continue
        does = partial(_do, seen=seen, stop=why, tell=tell, started=started)
        outcomes: list[Outcome] = []
        for one in _done_at_once(todo, steps, does, broken_off):
            outcomes.append(one)
            yield one
        if failed := sorted(one.host for one in outcomes if one.error):
            stopped = f"{', '.join(failed)} failed before"


def _done_at_once(
    hosts: Sequence[Host],
    steps: Plans,
    does: Callable[[Host, Sequence[Step]], Outcome],
    broken_off: Event,
) -> Iterator[Outcome]:
    done: dict[str, Outcome] = {}

    def do(host: Host) -> None:
        done[host.name] = does(host, steps[host.name])

    try:
        at_once(hosts, do, broken_off)
    finally:
        # What was done before it was broken off is told, too.
        yield from (done[host.name] for host in hosts if host.name in done)


def _untouched(host: Host, steps: Sequence[Step], why: str) -> Outcome:
    return Outcome(host.name, 0, len(steps), 0.0, f"not touched: {why}")


def _do(
    host: Host,
    steps: Sequence[Step],
    *,
    seen: Survey,
    stop: Callable[[], str],
    tell: Tell,
    started: str,
) -> Outcome:
    began = monotonic()
    took: list[tuple[str, float]] = []
    error = ""
    try:
        with Remote(host, seen.cluster.ssh) as remote:
            before = began
            applied = apply(remote, steps, lambda says: tell(host.name, says), started)
            for step in steps:
                turn = seen.turn_of(step, host.name)
                if took and (why := stop()):
                    error = f"{step.says}: not done: {why}"
                    break
                if turn and (why := not_yet(seen, step, turn)):
                    error = f"{step.says}: not done: {why}"
                    error += _taken_back(host, steps[: len(took)], seen, tell)
                    break
                next(applied)
                if turn:
                    check_reached(seen, host, turn)
                now = monotonic()
                took.append((step.says, now - before))
                before = now
    except HostError as failed:
        done = len(took)
        error = f"{steps[done].says}: {failed.sentence}"
        error += _taken_back(host, steps[: done + 1], seen, tell)
    return Outcome(host.name, len(took), len(steps), monotonic() - began, error, tuple(took))


def _taken_back(host: Host, steps: Sequence[Step], seen: Survey, tell: Tell) -> str:
    if not any(step.undo for step in steps):
        return ""
    tell(host.name, "taking it back")
    try:
        with Remote(host, seen.cluster.ssh) as remote:
            take_back(remote, steps)
            return "; taken back"
    except HostError as error:
        return f"; and it could not be taken back: {error.sentence}"


def unlike(cluster: Cluster, again: Callable[[], Cluster]) -> str:
    """Why the description no longer describes this cluster; empty while it does."""
    try:
        same = again() == cluster
    except TandemError:
        same = False
    return "" if same else "the description was changed meanwhile"
