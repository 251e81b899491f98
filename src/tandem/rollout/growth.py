"""``fab retire``, ``move`` and ``copy``: on which machines there are Plone clients."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic

from fabric import Connection, task

from tandem.console import CLUSTER_HELP, CONSOLE, fail, told
from tandem.description import cluster_in
from tandem.editing import check_edit, edit
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout import showing
from tandem.rollout.deploying import Plans, alone
from tandem.rollout.doing import Change, Command, ask, deployed, done, look
from tandem.rollout.moving import (
    Moving,
    as_described,
    away,
    before_turn,
    copying,
    moving,
    parting,
    ready_for_it,
)
from tandem.rollout.remote import HostError
from tandem.rollout.retiring import ending, forgetting, without, without_clients
from tandem.rollout.survey import Survey


def retire(machine: str) -> Command:
    """The task that takes a machine's Plone clients out."""

    def command(_: Connection, cluster: str = "cluster.cfg", yes: bool = False) -> None:
        with told():
            file = Path(cluster)
            seen = look(file)
            leaving = _leaving(file, partial(without, machine=machine))
            ends = ending(seen, machine)
            ask(_shown((forgetting(leaving), ends)), yes)
            if not _left(file, seen, leaving, (ends,), partial(without, machine=machine)):
                sys.exit(1)
        CONSOLE.print(f"{machine} serves nobody: take it out of {cluster} before the next deploy")

    command.__doc__ = f"Take the Plone clients of {machine} out; visitors do not notice."
    helps = {"yes": "do not ask, where visitors notice"}
    return task(name=f"retire:{machine}", help=CLUSTER_HELP | helps)(command)


def _leaving(file: Path, change: Change) -> Survey:
    """What is seen of the cluster that is left; raises TandemError where Apache cannot forget."""
    left = look(file, "", change)
    for error in left.errors.values():
        fail(error.report())
    if any("frontend" in left.cluster.hosts[name].roles for name in left.errors):
        raise TandemError("Apache would go on asking its clients: nothing was done")
    return left


def _shown(rounds: Sequence[Plans]) -> Plans:
    """The steps of all rounds, by hosts, which are shown."""
    every = {
        name: [step for plans in rounds for step in plans.get(name, ())]
        for name in dict.fromkeys(name for plans in rounds for name in plans)
    }
    for name, steps in every.items():
        for step in steps:
            CONSOLE.print(f"{name}: {step.says}", markup=False)
    return every


def _left(file: Path, seen: Survey, left: Survey, ends: Sequence[Plans], change: Change) -> bool:
    """Have Apache forget clients, and then end them, round after round; whether it worked."""
    with alone(seen) as lost:
        outcomes = done(forgetting(left), left, file, lost, change)
        for plans in ends:
            if any(one.error for one in outcomes):
                return False
            outcomes = done(plans, seen, file, lost)
    return not any(one.error for one in outcomes)


_WHERE = {"vm": "the VM, such as zeoclient-slave", "to": "the machine"}
_YES = {"yes": "do not ask, where visitors notice"}


@task(help=CLUSTER_HELP | _WHERE | _YES)  # type: ignore[untyped-decorator]  # Fabric has no types
def move(
    _: Connection, vm: str = "", to: str = "", cluster: str = "cluster.cfg", yes: bool = False
) -> None:
    """Move a zeoclient VM to another machine: it ends here, and is made anew there."""
    with told():
        file = Path(cluster)
        described = cluster_in(file)
        change = moving(described, vm, to)
        to_be = cluster_in(file, {"zeoclient-vm": change.options})
        check_edit(file, change.words, to_be)
        without_it = partial(without_clients, machine=change.machine)
        seen = look(file)
        left = _leaving(file, without_it)
        ends = parting(seen, change.machine, left)
        there = _there(file, to, to_be)
        leaves = _shown((forgetting(left), *ends))
        CONSOLE.print(away(seen, vm))
        ask({"leaving": [one for steps in leaves.values() for one in steps], **there.plans}, yes)
        # What can fail there does so before anything has ended.
        with alone(there) as lost:
            made = done({to: before_turn(there.plans[to])}, there, file, lost, lambda _: to_be)
        if any(one.error for one in made):
            sys.exit(1)
        started = monotonic()
        if not _left(file, seen, left, ends, without_it):
            sys.exit(1)
        _arrived(file, change, to_be, to)
        seconds = monotonic() - started
        CONSOLE.print(f"{vm} is zeoclient-{to} now; its clients were away for {seconds:.0f} s")


@task(  # type: ignore[untyped-decorator]
    help=CLUSTER_HELP | _WHERE | _YES | {"address": "the address of the copy"}
)
def copy(
    _: Connection,
    vm: str = "",
    to: str = "",
    address: str = "",
    cluster: str = "cluster.cfg",
    yes: bool = False,
) -> None:
    """Make a VM like a zeoclient VM on another machine; visitors do not notice."""
    with told():
        file = Path(cluster)
        change = copying(cluster_in(file), vm, to, address)
        to_be = cluster_in(file, {"zeoclient-vm": change.options})
        check_edit(file, change.words, to_be)
        as_described(look(file), vm)
        ask(_there(file, to, to_be).plans, yes)
        _arrived(file, change, to_be, to)


def _scope(cluster: Cluster, machine: str) -> str:
    """What is rolled out to, so that all that have to know a new VM on a machine do."""
    return "" if machine in cluster.pair else machine


def _there(file: Path, to: str, to_be: Cluster) -> Survey:
    """What is seen of the cluster to be, and shown; raises TandemError where it cannot be."""
    started = monotonic()
    seen = look(file, _scope(to_be, to), lambda _: to_be)
    # At its address there may be the VM that moves.
    coming = f"zeoclient-{to}"
    there = replace(seen, facts={**seen.facts, coming: HostError(coming, "it is not made yet")})
    ready_for_it(there, to)
    CONSOLE.print(*showing.lines(there, monotonic() - started), sep="\n")
    return there


def _arrived(file: Path, change: Moving, to_be: Cluster, to: str) -> None:
    """Describe it, and make it so; ends the command where that fails."""
    edit(file, change.words, to_be)
    CONSOLE.print(f"{file} says now: {' '.join(change.words.values())}")
    scope = _scope(to_be, to)
    if not deployed(file, scope, yes=True):
        sys.exit(fail(f"fab {f'deploy:{scope}' if scope else 'deploy'} finishes it"))
