"""Doing the plans of many hosts, stage by stage, and what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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
def alone(seen: Survey) -> Iterator[None]:
    """Nobody else rolls out to the survey's machines meanwhile; raises HostError."""
    with ExitStack() as stack:
        for stage in seen.stages:
            for host in stage:
                if host.machine and host.name in seen.plans:
                    remote = stack.enter_context(Remote(host, seen.cluster.ssh))
                    stack.enter_context(locked(remote))
        yield


def carry_out(
    plans: Plans, seen: Survey, unchanged: Callable[[], bool], tell: Tell
) -> Iterator[Outcome]:
    """Do plans for hosts of the survey, a stage's hosts at once.

    After a step that fails the later stages are not touched: what serves is left as it is. Nor are
    they where ``unchanged`` says that the description is no longer the same.
    """
    stopped = ""
    first = {name: [step for step in steps if not step.last] for name, steps in plans.items()}
    for stage in seen.stages:
        todo = [host for host in stage if first.get(host.name)]
        if todo and not stopped and not unchanged():
            stopped = "not touched: the description was changed meanwhile"
        if stopped:
            yield from (_untouched(host, first[host.name], stopped) for host in todo)
            continue
        outcomes = [
            outcome
            for outcome in at_once(
                todo, lambda host: _do(first[host.name], seen, host, tell)
            ).values()
            if isinstance(outcome, Outcome)
        ]
        yield from outcomes
        if failed := sorted(one.host for one in outcomes if one.error):
            stopped = f"not touched: {', '.join(failed)} failed before"
    for host in (host for stage in seen.stages for host in stage):
        if last := [step for step in plans.get(host.name, ()) if step.last]:
            yield _do(last, seen, host, tell) if not stopped else _untouched(host, last, stopped)


def _untouched(host: Host, steps: Sequence[Step], why: str) -> Outcome:
    return Outcome(host.name, 0, len(steps), 0.0, why)


def _do(steps: Sequence[Step], seen: Survey, host: Host, tell: Tell) -> Outcome:
    started = monotonic()
    done = 0
    error = ""
    try:
        with Remote(host, seen.cluster.ssh) as remote:
            for _ in apply(remote, steps, lambda says: tell(host.name, says)):
                done += 1
    except HostError as failed:
        error = f"{steps[done].says}: {failed.sentence}"
    return Outcome(host.name, done, len(steps), monotonic() - started, error)


def same(cluster: Cluster, again: Callable[[], Cluster]) -> bool:
    """Whether the description still describes this cluster."""
    try:
        return again() == cluster
    except TandemError:
        return False
