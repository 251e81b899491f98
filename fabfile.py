"""The operator's commands; ``fab --list`` shows them."""

import argparse
import json as jsonlib
import sys
from pathlib import Path
from time import monotonic

from fabric import Connection, task
from invoke.collection import Collection
from rich.markup import escape
from rich.table import Table

from tandem import explain as explaining
from tandem import rotation
from tandem.console import CLUSTER_HELP, CONSOLE, JSON_HELP, fail, told
from tandem.description import cluster_in
from tandem.diagram import diagram as drawn
from tandem.drill import commands as drill
from tandem.errors import TandemError
from tandem.failover import commands as failover
from tandem.lab import commands as lab
from tandem.model import Cluster
from tandem.rendering import CHECKOUT
from tandem.rendering.hosts import host_files
from tandem.rollout import commands as rollout
from tandem.secrets import secrets_of
from tandem.writing import write_all

ROLLOUT = "parts/rollout"


@task(help=CLUSTER_HELP | JSON_HELP)  # type: ignore[untyped-decorator]  # Fabric has no types
def check(_: Connection, cluster: str = "cluster.cfg", json: bool = False) -> None:
    """Say whether the description is valid, with a line for each fault."""
    with told():
        described = cluster_in(Path(cluster))
    counts = {
        "machines": len(described.machines),
        "VMs": len(described.vms),
        "Plone clients": len(described.clients),
        "sites": len(described.sites),
    }
    if json:
        print(jsonlib.dumps({"cluster": described.name, **counts}))
        return
    listed = ", ".join(f"{what}: {number}" for what, number in counts.items())
    CONSOLE.print(f"{cluster}: no fault in {described.name} ({listed})")


@task(  # type: ignore[untyped-decorator]
    help=CLUSTER_HELP | JSON_HELP | {"to": f"the folder to write to (default: {ROLLOUT})"}
)
def render(
    _: Connection, cluster: str = "cluster.cfg", to: str = ROLLOUT, json: bool = False
) -> None:
    """Write every file of every machine and VM below parts/rollout."""
    with told():
        described = cluster_in(Path(cluster))
        started = monotonic()
        written = _render(described, Path(cluster).name, Path(to))
    seconds = monotonic() - started
    if json:
        print(jsonlib.dumps(written))
        return
    table = Table("host", "files", box=None)
    for host, paths in written.items():
        table.add_row(host, str(len(paths)))
    CONSOLE.print(table)
    total = sum(map(len, written.values()))
    CONSOLE.print(f"{total} files of {len(written)} hosts in {to}, in {seconds:.2f} s")


def _render(described: Cluster, source: str, to: Path) -> dict[str, list[str]]:
    secrets = secrets_of(described, CHECKOUT, make_missing=True)
    files = {
        host.name: host_files(described, host, secrets, source) for host in described.hosts.values()
    }
    write_all(files, to)
    return {host: [f"/{file.path}" for file in its] for host, its in files.items()}


@task(  # type: ignore[untyped-decorator]
    help=CLUSTER_HELP | {"to": "the picture to write (default: parts/cluster.svg)"}
)
def diagram(_: Connection, cluster: str = "cluster.cfg", to: str = "parts/cluster.svg") -> None:
    """Draw the cluster: machines, VMs, volumes, links and addresses, as SVG."""
    with told():
        picture = drawn(cluster_in(Path(cluster)))
        Path(to).parent.mkdir(parents=True, exist_ok=True)
        Path(to).write_text(picture)
    CONSOLE.print(f"{to} shows {cluster}")


@task(  # type: ignore[untyped-decorator]
    help=CLUSTER_HELP | JSON_HELP | {"option": "an option, such as deadtime or heartbeat:deadtime"}
)
def explain(_: Connection, option: str, cluster: str = "cluster.cfg", json: bool = False) -> None:
    """Say what an option does, what it is here, and in which files it ends up."""
    with told():
        described = cluster_in(Path(cluster))
        found = explaining.find(described, option)
        explanations = [explaining.explain(described, *place) for place in found]
    if json:
        print(jsonlib.dumps([one.as_json() for one in explanations], indent=2))
        return
    for one in explanations:
        CONSOLE.print(f"[bold]\\[{one.section}] {one.name}[/bold]")
        for line in one.lines():
            CONSOLE.print(f"  {escape(line)}")


@task(name="secrets:rotate", help=CLUSTER_HELP)  # type: ignore[untyped-decorator]
def secrets_rotate(_: Connection, cluster: str = "cluster.cfg") -> None:
    """Make the cluster's secrets anew, and say how they reach the machines."""
    with told():
        described = cluster_in(Path(cluster))
        changed = rotation.rotate(described, CHECKOUT)
        _render(described, Path(cluster).name, Path(ROLLOUT))
    CONSOLE.print(f"made anew on this computer: {', '.join(changed)}. Now, in this order:")
    for number, line in enumerate(rotation.instructions(changed, described, ROLLOUT), start=1):
        CONSOLE.print(f"{number}. {line}", markup=False)


namespace = Collection(check, render, diagram, explain, secrets_rotate)


def _described() -> Cluster | None:
    """The cluster whose machines' names some commands have; None where it has faults.

    A command that is not there without it ends with them.
    """
    arguments = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    arguments.add_argument("--cluster", default="cluster.cfg")
    try:
        return cluster_in(Path(arguments.parse_known_args(sys.argv[1:])[0].cluster))
    except TandemError as error:
        asked = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
        if asked and asked not in namespace.task_names:
            sys.exit(fail(error.report()))
        return None


if described := _described():
    every = (rollout, failover, drill, lab)
    for command in (task for group in every for task in group.commands(described)):
        namespace.add_task(command)
