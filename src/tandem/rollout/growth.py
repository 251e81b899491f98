"""``fab retire``, ``move`` and ``copy``: on which machines there are Plone clients."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic

from fabric import Connection, task

from tandem.console import CLUSTER_HELP, CONSOLE, fail, told
from tandem.description import cluster_in
from tandem.editing import check_edit, edit
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout.deploying import Plans, alone
from tandem.rollout.doing import Command, ask, deployed, done, look
from tandem.rollout.moving import as_described, away, copying, moving, parting
from tandem.rollout.retiring import ending, forgetting, without, without_clients
from tandem.rollout.survey import Survey


def retire(machine: str) -> Command:
    """The task that takes a machine's Plone clients out."""

    def command(_: Connection, cluster: str = "cluster.cfg", yes: bool = False) -> None:
        with told():
            file = Path(cluster)
            seen = look(file)
            ends = ending(seen, machine)
            if not _left(file, seen, partial(without, machine=machine), lambda _: (ends,), yes):
                sys.exit(1)
        CONSOLE.print(f"{machine} serves nobody: take it out of {cluster} before the next deploy")

    command.__doc__ = f"Take the Plone clients of {machine} out; visitors do not notice."
    helps = {"yes": "do not ask, where visitors notice"}
    return task(name=f"retire:{machine}", help=CLUSTER_HELP | helps)(command)


def _left(
    file: Path,
    seen: Survey,
    change: Callable[[Cluster], Cluster],
    ends: Callable[[Survey], Sequence[Plans]],
    yes: bool,
) -> bool:
    """Have Apache forget clients, and then end them; whether it worked.

    ``change`` makes the cluster that is left without them; ``ends``, of what is seen of that, the
    rounds of steps that end them.
    """
    left = look(file, "", change)
    for error in left.errors.values():
        fail(error.report())
    if any("frontend" in left.cluster.hosts[name].roles for name in left.errors):
        raise TandemError("Apache would go on asking its clients: nothing was done")
    rounds = (forgetting(left), *ends(left))
    every = {
        name: [step for plans in rounds for step in plans.get(name, ())]
        for name in dict.fromkeys(name for plans in rounds for name in plans)
    }
    for name, steps in every.items():
        for step in steps:
            CONSOLE.print(f"{name}: {step.says}", markup=False)
    ask(every, yes)
    with alone(seen) as lost:
        outcomes = done(rounds[0], left, file, lost, change)
        for plans in rounds[1:]:
            if any(one.error for one in outcomes):
                return False
            outcomes = done(plans, seen, file, lost)
    return not any(one.error for one in outcomes)


_WHERE = {"vm": "the VM, such as zeoclient-slave", "to": "the machine"}
_YES = {"yes": "do not ask"}


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
        seen = look(file)
        CONSOLE.print(away(described, vm))
        started = monotonic()
        without_it = partial(without_clients, machine=change.machine)
        if not _left(file, seen, without_it, partial(parting, seen, change.machine), yes):
            sys.exit(1)
        edit(file, change.words, to_be)
        CONSOLE.print(f"{cluster} says now: {' '.join(change.words.values())}")
        if not deployed(file, to, yes=True):
            sys.exit(1)
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
        as_described(look(file), vm)
        edit(file, change.words, to_be)
        CONSOLE.print(f"{cluster} says now: {' '.join(change.words.values())}")
        if not deployed(file, to, yes):
            sys.exit(1)
