"""The operator's commands; ``fab --list`` shows them."""

import sys
from pathlib import Path

from fabric import Connection, task
from rich.console import Console

from tandem.description import cluster_from, sections_in
from tandem.errors import TandemError


@task(  # type: ignore[untyped-decorator]  # Fabric has no types
    help={"cluster": "the description to read (default: cluster.cfg)"}
)
def check(_: Connection, cluster: str = "cluster.cfg") -> None:
    """Say whether the description is valid, with a line for each fault."""
    console = Console(soft_wrap=True, highlight=False)
    try:
        described = cluster_from(sections_in(Path(cluster).resolve()), cluster)
    except TandemError as error:
        console.print(error.report(), style="red", markup=False)
        sys.exit(1)
    console.print(
        f"{cluster}: no fault in {described.name} (machines: {len(described.machines)},"
        f" Plone clients: {len(described.clients)}, sites: {len(described.sites)})"
    )
