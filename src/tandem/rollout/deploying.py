"""Doing the plans of many hosts, stage by stage, and what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event
from time import monotonic

from tandem.errors import TandemError
from tandem.model import Cluster, Host
from tandem.rollout.apply import apply
from tandem.rollout.lock import locked
from tandem.rollout.plan import Step
from tandem.rollout.reading import at_once
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.survey import Survey

Plans = Mapping[str, Sequence[Step]]
"""Steps by the names of hosts."""

Tell = Callable[[str, str], None]
"""Takes a host's name, and what is being done there."""


@dataclass(frozen=True)
class Outcome:
    """What came of a host: steps that were done, in how many seconds, and what failed."""

    host: str
    done: int
    steps: int
    seconds: float
    error: str = ""


@contextmanager
def alone(seen: Survey) -> Iterator[Callable[[], str]]:
    """Nobody else rolls out to the survey's machines meanwhile; raises HostError.

    Gives what says why that is no longer so, and nothing while it is.
    """
    with ExitStack() as stack:
        held = [
            stack.enter_context(locked(stack.enter_context(Remote(host, seen.cluster.ssh))))
            for stage in seen.stages
            for host in stage
            if host.machine and host.name in seen.plans
        ]
        yield lambda: next((why for one in held if (why := one())), "")


def carry_out(plans: Plans, seen: Survey, stop: Callable[[], str], tell: Tell) -> Iterator[Outcome]:
    """Do plans for hosts of the survey, a stage's hosts at once.

    After a step that fails the later stages are not touched: what serves is left as it is. Nor is
    any further step done once ``stop`` says why, or the operator has broken it off.
    """
    broken_off = Event()

    def why() -> str:
        return "broken off" if broken_off.is_set() else stop()

    first = {name: [step for step in steps if not step.last] for name, steps in plans.items()}
    last = {name: [step for step in steps if step.last] for name, steps in plans.items()}
    every = tuple(host for stage in seen.stages for host in stage)
    stopped = ""
    for stage, steps in (*((stage, first) for stage in seen.stages), (every, last)):
        todo = [host for host in stage if steps.get(host.name)]
        stopped = stopped or (why() if todo else "")
        if stopped:
            yield from (_untouched(host, steps[host.name], stopped) for host in todo)
            continue
        outcomes = _done_at_once(todo, steps, seen, why, tell, broken_off)
        yield from outcomes
        if failed := sorted(one.host for one in outcomes if one.error):
            stopped = f"{', '.join(failed)} failed before"


def _done_at_once(
    hosts: Sequence[Host],
    steps: Plans,
    seen: Survey,
    stop: Callable[[], str],
    tell: Tell,
    broken_off: Event,
) -> tuple[Outcome, ...]:
    done = at_once(hosts, lambda host: _do(steps[host.name], seen, host, stop, tell), broken_off)
    return tuple(outcome for outcome in done.values() if isinstance(outcome, Outcome))


def _untouched(host: Host, steps: Sequence[Step], why: str) -> Outcome:
    return Outcome(host.name, 0, len(steps), 0.0, f"not touched: {why}")


def _do(
    steps: Sequence[Step], seen: Survey, host: Host, stop: Callable[[], str], tell: Tell
) -> Outcome:
    started = monotonic()
    done = 0
    error = ""
    try:
        with Remote(host, seen.cluster.ssh) as remote:
            for _ in apply(remote, steps, lambda says: tell(host.name, says)):
                done += 1
                if done < len(steps) and (why := stop()):
                    raise HostError(host.name, f"not done: {why}")
    except HostError as failed:
        error = f"{steps[done].says}: {failed.sentence}"
    return Outcome(host.name, done, len(steps), monotonic() - started, error)


def unlike(cluster: Cluster, again: Callable[[], Cluster]) -> str:
    """Why the description no longer describes this cluster; empty while it does."""
    try:
        same = again() == cluster
    except TandemError:
        same = False
    return "" if same else "the description was changed meanwhile"
