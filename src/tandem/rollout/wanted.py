"""What a host is to have, by the description alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from tandem.model import Cluster, Host
from tandem.rendering import File, Secrets
from tandem.rendering.hosts import host_files, units_at_boot
from tandem.rollout.packages import packages_for
from tandem.rollout.rolling import Turn, turns_on
from tandem.setup.packages import Package


@dataclass(frozen=True)
class Wanted:
    """The Debian packages, the files and the units of a host.

    ``units`` are those that can be enabled, and whether a boot starts them. ``turns`` are its Plone
    clients, by their units.
    """

    packages: tuple[Package, ...]
    files: tuple[File, ...]
    units: tuple[tuple[str, bool], ...]
    turns: Mapping[str, Turn]


def wanted_on(cluster: Cluster, host: Host, secrets: Secrets, source: str) -> Wanted:
    """What a host of the cluster is to have; ``source`` names the description in the files."""
    return Wanted(
        packages_for(cluster, host),
        host_files(cluster, host, secrets, source),
        units_at_boot(cluster, host),
        {turn.unit: turn for turn in turns_on(cluster, host)},
    )
