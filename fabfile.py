"""The operator's commands; ``fab --list`` shows them."""

import json as jsonlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from fabric import Connection, task
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tandem import explain as explaining
from tandem import rotation
from tandem.description import cluster_in
from tandem.diagram import diagram as drawn
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rendering import CHECKOUT
from tandem.rendering.hosts import host_files
from tandem.secrets import secrets_of
from tandem.writing import write_all

CONSOLE = Console(soft_wrap=True, highlight=False)
ROLLOUT = "parts/rollout"
CLUSTER_HELP = {"cluster": "the description to read (default: cluster.cfg)"}
JSON_HELP = {"json": "say it for scripts"}


@contextmanager
def told() -> Iterator[None]:
    """Ends the command with exit status 1 and a line or two for what the operator can mend."""
    try:
        yield
    except TandemError as error:
        sys.exit(_fail(error.report()))
    except OSError as error:
        sys.exit(_fail(f"{error.filename}: {error.strerror}" if error.filename else str(error)))


def _fail(words: str) -> int:
    Console(stderr=True, soft_wrap=True).print(words, style="red", highlight=False, markup=False)
    return 1


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
