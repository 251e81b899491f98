"""What a host is to have, by the description alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tandem.model import Cluster, Host
from tandem.rendering import File, Secrets
from tandem.rendering.hosts import host_files, units_at_boot
from tandem.rollout.facts import unit_in
from tandem.rollout.packages import packages_for
from tandem.rollout.release import Release, release_for
from tandem.rollout.rolling import Turn, listening_on, turns_on
from tandem.rollout.vmdisks import storage_on
from tandem.rollout.volumes import Storage
from tandem.setup.packages import Package


@dataclass(frozen=True)
class Wanted:
    """The Debian packages, the files and the units of a host.

    ``units`` are those that can be enabled, and whether a boot starts them. ``turns`` are its Plone
    clients, by their units. ``awaited`` is the POSIX shell that waits until a unit of another
    program listens.
    """

    packages: tuple[Package, ...]
    files: tuple[File, ...]
    units: tuple[tuple[str, bool], ...]
    turns: Mapping[str, Turn]
    awaited: Mapping[str, str]
    release: Release | None
    storage: Storage | None

    @property
    def released(self) -> tuple[str, ...]:
        """The units whose programs are the release's."""
        return (*self.awaited, *self.turns)


def wanted_on(
    cluster: Cluster, host: Host, secrets: Secrets, source: str, description: str
) -> Wanted:
    """What a host of the cluster is to have.

    ``source`` names the description in the files, and ``description`` is the text of one that says
    the same.
    """
    return Wanted(
        packages_for(cluster, host),
        host_files(cluster, host, secrets, source),
        units_at_boot(cluster, host),
        {turn.unit: turn for turn in turns_on(cluster, host)},
        dict(listening_on(cluster, host)),
        release_for(cluster, host, description),
        storage_on(cluster, host, secrets, source),
    )


def units_of(wanted: Wanted) -> tuple[str, ...]:
    """The units that matter on a host: those that can be enabled, and those with files of ours."""
    names = [name for name, _ in wanted.units]
    names += filter(None, (unit_in(str(file.path)) for file in wanted.files))
    names += (service for package in wanted.packages for service in _services(package.service))
    return tuple(dict.fromkeys(names))


def _services(names: str) -> Iterator[str]:
    return (f"{name}.service" for name in names.split())
