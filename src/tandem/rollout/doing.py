"""What commands that change a cluster have in common: look, ask, do, and show what came of it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from tandem.console import CONSOLE, agreed, fail, working_on
from tandem.description import cluster_in, sections_in, text_of
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rendering import CHECKOUT
from tandem.rollout import showing
from tandem.rollout.arriving import arrive, introduce
from tandem.rollout.deploying import Outcome, Plans, alone, carry_out, unlike
from tandem.rollout.survey import Survey, survey
from tandem.secrets import secrets_of

Command = Any
"""A task of Fabric's, which has no types."""

Change = Callable[[Cluster], Cluster]
"""Makes another cluster of the one that is described."""


def unchanged(described: Cluster) -> Cluster:
    """The cluster that is described."""
    return described


def ask(plans: Plans, yes: bool) -> None:
    """Let the operator say yes, where visitors would notice; raises TandemError without."""
    notice = showing.visitors(step for steps in plans.values() for step in steps)
    if notice and not yes and not agreed(f"Visitors notice: {notice}. Do it?"):
        raise TandemError("not done")


def done(
    plans: Plans, seen: Survey, file: Path, lost: Callable[[], str], change: Change = unchanged
) -> Sequence[Outcome]:
    """Carry the plans out, and show what came of it, even if that is broken off."""
    started = monotonic()
    outcomes: list[Outcome] = []

    def stop() -> str:
        return lost() or unlike(seen.cluster, lambda: change(cluster_in(file)))

    try:
        with working_on([host for host, steps in plans.items() if steps]) as tell:
            for one in carry_out(plans, seen, stop, tell):
                outcomes.append(one)
    finally:
        _show(outcomes, started)
    return outcomes


def _show(outcomes: Collection[Outcome], started: float) -> None:
    CONSOLE.print(showing.table(outcomes))
    CONSOLE.print(f"in {monotonic() - started:.1f} s")
    for one in outcomes:
        if one.error:
            fail(f"{one.host}: {one.error}")


def look(file: Path, machine: str = "", change: Change = unchanged) -> Survey:
    """What the hosts have and lack that a command is about; raises TandemError."""
    described = change(cluster_in(file))
    secrets = secrets_of(described, CHECKOUT, make_missing=False)
    description = text_of(sections_in(file), "as this host was built from it")
    return survey(described, secrets, file.name, description, machine)


def _introduced(file: Path, machine: str) -> Survey:
    """What `look` sees once VMs are known by the host keys that their machines made."""
    seen = look(file, machine)
    learned, unsaid = introduce(seen)
    if learned:
        seen = look(file, machine)
    return replace(seen, facts={**seen.facts, **unsaid})


def deployed(file: Path, machine: str, yes: bool) -> bool:
    """Make a machine and its VMs, or all, what the description says; whether all of it worked."""
    started = monotonic()
    seen = _introduced(file, machine)
    CONSOLE.print(*showing.lines(seen, monotonic() - started), sep="\n")
    if not any(seen.plans.values()):
        return not seen.errors
    ask(seen.plans, yes)
    with alone(seen) as lost:
        if look(file, machine).plans != seen.plans:
            raise TandemError("the hosts or the description changed meanwhile: run it again")
        outcomes = done(seen.plans_before_they_come, seen, file, lost)
        left_out = _left_out(seen, outcomes)
        if set(seen.coming) - left_out:
            outcomes = (*outcomes, *_set_up(seen, left_out, file, machine, yes, lost))
        left = _introduced(file, machine)
    failed = left_out | _failed(outcomes)
    for host, error in left.errors.items():
        if host not in failed:
            fail(error.report())
    for host, steps in left.plans.items():
        if steps and host not in failed:
            fail(f"{host}: still to do after it was done: {steps[0].says}")
    return not (failed or left.errors or any(left.plans.values()))


def _failed(outcomes: Iterable[Outcome]) -> set[str]:
    return {one.host for one in outcomes if one.error}


def _left_out(seen: Survey, outcomes: Iterable[Outcome]) -> set[str]:
    """The hosts that failed, and the new VMs of those machines, of which it says so."""
    failed = _failed(outcomes)
    skipped = {node: vms for node, vms in seen.made_by.items() if node in failed}
    for node, vms in skipped.items():
        fail(f"{', '.join(vms)}: not set up: {node} is not finished")
    return failed.union(*skipped.values())


def _set_up(
    seen: Survey,
    left_out: Collection[str],
    file: Path,
    machine: str,
    yes: bool,
    lost: Callable[[], str],
) -> Sequence[Outcome]:
    """Do what is to be done on the VMs that were made, once they are there."""
    made_by = {node: vms for node, vms in seen.made_by.items() if node not in left_out}
    started = monotonic()
    with working_on(vm for vms in made_by.values() for vm in vms) as tell:
        arrived = arrive(seen.cluster, made_by, tell)
    _show(arrived, started)
    started = monotonic()
    there = look(file, machine)
    if there.cluster != seen.cluster:
        raise TandemError("the description changed meanwhile: run it again")
    CONSOLE.print(*showing.lines(there, monotonic() - started, left_out), sep="\n")
    plans = {host: steps for host, steps in there.plans.items() if host not in left_out}
    ask(plans, yes)
    return (*arrived, *done(plans, there, file, lost))
