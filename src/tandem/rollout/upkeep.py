"""``fab releases``, ``rollback`` and ``sites``."""

import json as jsonlib
import sys
from pathlib import Path
from time import monotonic

from fabric import Connection, task

from tandem.console import CLUSTER_HELP, CONSOLE, JSON_HELP, fail, told, working
from tandem.description import cluster_in
from tandem.rendering import CHECKOUT
from tandem.rollout import showing
from tandem.rollout.deploying import alone
from tandem.rollout.doing import Command, ask, done, look
from tandem.rollout.rollback import releases_in, rollback_of
from tandem.rollout.sites import make_sites
from tandem.secrets import file_of, make, secret_in


@task(help=CLUSTER_HELP | JSON_HELP)  # type: ignore[untyped-decorator]  # Fabric has no types
def releases(_: Connection, cluster: str = "cluster.cfg", json: bool = False) -> None:
    """List the releases of the hosts' software, and which of them runs where."""
    with told():
        seen = look(Path(cluster))
        there = releases_in(seen.known)
        if json:
            print(jsonlib.dumps(there, indent=2))
        else:
            CONSOLE.print(showing.releases(there))
        for error in seen.errors.values():
            fail(error.report())
    if seen.errors:
        sys.exit(1)


def rollback(role: str) -> Command:
    """The task that brings the hosts of a role back to an earlier release."""

    def command(
        _: Connection, cluster: str = "cluster.cfg", to: str = "", yes: bool = False
    ) -> None:
        with told():
            file = Path(cluster)
            seen = look(file)
            for error in seen.errors.values():
                fail(error.report())
            plans = rollback_of(seen, role, to)
            for name, steps in plans.items():
                CONSOLE.print(f"{name}: {steps[0].says}" if steps else f"{name}: is there")
            ask(plans, yes)
            with alone(seen) as lost:
                outcomes = done(plans, seen, file, lost)
        if seen.errors or any(one.error for one in outcomes):
            sys.exit(1)

    command.__doc__ = f"Bring every {role} back to an earlier release."
    helps = {
        "to": "the release, of those that fab releases lists (default: the one before)",
        "yes": "do not ask, where visitors notice",
    }
    return task(name=f"rollback:{role}", help=CLUSTER_HELP | helps)(command)


@task(help=CLUSTER_HELP)  # type: ignore[untyped-decorator]
def sites(_: Connection, cluster: str = "cluster.cfg") -> None:
    """Make Zope's admin and the Plone sites of the description, where they are missing."""
    with told():
        described = cluster_in(Path(cluster))
        file = file_of(CHECKOUT, f"{described.name}.admin", described.secrets.admin)
        if not described.secrets.admin:
            make(file)
        started = monotonic()
        seen = look(Path(cluster))
        with working("the sites") as tell:
            tell("Plone makes them")
            made = make_sites(seen, secret_in(file.read_text(), file))
        seconds = monotonic() - started
        CONSOLE.print(f"{', '.join(made)}: there, in {seconds:.1f} s; admin's password: {file}")
