"""``fab status``, ``plan``, ``deploy`` and ``restart``."""

import json as jsonlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Final

from fabric import Connection, task

from tandem.console import CLUSTER_HELP, CONSOLE, JSON_HELP, fail, told
from tandem.description import cluster_in
from tandem.model import Cluster
from tandem.rollout import overview, showing
from tandem.rollout.deploying import alone
from tandem.rollout.doing import Command, ask, deployed, done, look
from tandem.rollout.growth import copy, move, retire
from tandem.rollout.health import ailments
from tandem.rollout.restarting import turns_of
from tandem.rollout.upkeep import releases, rollback, sites
from tandem.rollout.visiting import visits

CHANGES: Final = 2
"""The exit status of a plan that has steps."""


def commands(cluster: Cluster) -> Iterator[Command]:
    """The tasks that look at a cluster and roll out to it, or to a machine and its VMs."""
    yield status
    for machine in ("", *cluster.machines):
        yield _plan(machine)
        yield _deploy(machine)
        yield _restart(machine)
        if machine and machine not in cluster.pair:
            yield retire(machine)
    yield move
    yield copy
    yield releases
    yield sites
    for role in dict.fromkeys(role for host in cluster.hosts.values() for role in host.roles):
        yield rollback(role)


@task(help=CLUSTER_HELP | JSON_HELP)  # type: ignore[untyped-decorator]  # Fabric has no types
def status(_: Connection, cluster: str = "cluster.cfg", json: bool = False) -> None:
    """Show the whole cluster on one screen; the exit status is 0 only if all is well."""
    with told():
        started = monotonic()
        # A machine that is dead takes seconds, and so does a site that does not answer.
        with ThreadPoolExecutor() as pool:
            visiting = pool.submit(visits, cluster_in(Path(cluster)))
            seen = look(Path(cluster))
            visited = visiting.result()
        found = ailments(seen, visited)
        seconds = monotonic() - started
        if json:
            print(jsonlib.dumps(overview.as_json(seen, visited, found), indent=2))
        else:
            CONSOLE.print(*overview.tables(seen, visited), sep="\n")
            CONSOLE.print(overview.backup(seen))
            for line in found:
                CONSOLE.print(line, style="red", markup=False)
            verdict = "not all is well" if found else "all is well"
            CONSOLE.print(f"{verdict} (looked at in {seconds:.1f} s)")
    if found:
        sys.exit(1)


def _command(
    name: str, machine: str, says: str, **helps: str
) -> Callable[[Callable[..., None]], Command]:
    def made(function: Callable[..., None]) -> Command:
        where = f"{machine} and the VMs on it" if machine else "all machines and VMs"
        function.__doc__ = says.format(where)
        called = f"{name}:{machine}" if machine else name
        return task(name=called, help=CLUSTER_HELP | helps)(function)

    return made


def _plan(machine: str) -> Command:
    @_command(
        "plan",
        machine,
        "Say what a deploy would do to {0}; the exit status is 2 if that is anything.",
        **JSON_HELP,
    )
    def command(_: Connection, cluster: str = "cluster.cfg", json: bool = False) -> None:
        with told():
            started = monotonic()
            seen = look(Path(cluster), machine)
            seconds = monotonic() - started
            if json:
                print(jsonlib.dumps(showing.as_json(seen, seconds), indent=2))
            else:
                CONSOLE.print(*showing.lines(seen, seconds), sep="\n")
        if seen.errors:
            sys.exit(1)
        if any(seen.plans.values()):
            sys.exit(CHANGES)

    return command


def _deploy(machine: str) -> Command:
    @_command(
        "deploy",
        machine,
        "Make {0} what the description says: show the plan, ask if visitors notice, do it.",
        yes="do not ask",
    )
    def command(_: Connection, cluster: str = "cluster.cfg", yes: bool = False) -> None:
        with told():
            if not deployed(Path(cluster), machine, yes):
                sys.exit(1)

    return command


def _restart(machine: str) -> Command:
    @_command(
        "restart",
        machine,
        "Start the Plone clients of {0} anew, one by one; visitors do not notice.",
        yes="do not ask, where they do",
    )
    def command(_: Connection, cluster: str = "cluster.cfg", yes: bool = False) -> None:
        with told():
            file = Path(cluster)
            seen = look(file)
            for error in seen.errors.values():
                fail(error.report())
            turns = turns_of(seen, machine)
            number = sum(map(len, turns.values()))
            CONSOLE.print(f"{number} Plone clients are started anew, one after the other")
            ask(turns, yes)
            with alone(seen) as lost:
                outcomes = done(turns, seen, file, lost)
        if seen.errors or any(one.error for one in outcomes):
            sys.exit(1)

    return command
