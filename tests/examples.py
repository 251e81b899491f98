"""The shipped descriptions, as the tests render them."""

from functools import cache
from pathlib import Path

from tandem.description import cluster_in
from tandem.model import Cluster
from tandem.rendering import CHECKOUT, Secrets

FILES = {"cluster": CHECKOUT / "cluster.cfg"} | {
    file.stem: file for file in sorted((CHECKOUT / "examples").glob("*.cfg"))
}
"""Every example by the name of its file."""


@cache
def example(name: str) -> Cluster:
    """The cluster that an example describes."""
    return cluster_in(Path(FILES[name]))


def secrets_for(cluster: Cluster) -> Secrets:
    """Secrets that are the same each time."""
    return Secrets(
        drbd="the-drbd-secret",
        heartbeat="the-heartbeat-key",
        fence={machine: f"password-{at}" for at, machine in enumerate(cluster.pair)},
    )
