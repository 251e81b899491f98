"""What the stack on this computer consists of, as the buildout in one directory built it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tandem.description import cluster_from, here_from, sections_in
from tandem.model import READY_PATH, Cluster, seen_from
from tandem.secrets import file_of


@dataclass(frozen=True)
class Program:
    """A program that supervisord runs: where it listens, and the option that decides its port.

    ``parts`` are the buildout's parts that configure it.
    """

    name: str
    address: str
    port: int
    option: str
    protocol: str
    parts: tuple[str, ...]

    @property
    def ready_path(self) -> str:
        """What to ask of it over HTTP to learn whether it is ready."""
        return READY_PATH if self.name.startswith("zeoclient") else "/"


@dataclass(frozen=True)
class Stack:
    """One buildout's stack: its directory, and the cluster as seen from this computer."""

    directory: Path
    cluster: Cluster

    @property
    def programs(self) -> tuple[Program, ...]:
        """Everything that listens, in the order of starting."""
        cluster, ports = self.cluster, self.cluster.ports
        return (
            Program(
                "zeoserver",
                cluster.zeoserver.address,
                ports.zeoserver,
                "zeoserver in [ports] of cluster.cfg",
                protocol="ZEO",
                parts=("zeoserver", "zeo-conf"),
            ),
            *(
                Program(
                    client.name,
                    client.address,
                    client.port,
                    "zeoclient in [ports] of cluster.cfg",
                    protocol="HTTP",
                    parts=(client.name,),
                )
                for client in cluster.clients
            ),
            Program(
                "waitingroom",
                "127.0.0.1",
                ports.waitingroom,
                "waitingroom in [ports] of cluster.cfg",
                protocol="TCP",
                parts=("frontend",),
            ),
            Program(
                "frontend",
                cluster.frontend.address,
                ports.frontend,
                "frontend-port in [here] of here.cfg",
                protocol="HTTP",
                parts=("frontend",),
            ),
        )

    @property
    def clients(self) -> tuple[Program, ...]:
        """The Plone clients among the programs."""
        return tuple(p for p in self.programs if p.name.startswith("zeoclient"))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever stored here."""
        return not (self.var / "filestorage" / "Data.fs").exists()

    @property
    def url(self) -> str:
        """Where visitors on this computer find the first site."""
        return f"http://{self.cluster.frontend.address}:{self.cluster.ports.frontend}/"

    @property
    def bin(self) -> Path:
        """Where the buildout put its scripts."""
        return self.directory / "bin"

    @property
    def var(self) -> Path:
        """Where the programs keep what they write."""
        return self.directory / "var"

    @property
    def parts(self) -> Path:
        """Where the buildout put the configuration of each part."""
        return self.directory / "parts"

    @property
    def supervisor_conf(self) -> Path:
        """The configuration of this stack's supervisord."""
        return self.parts / "supervisor" / "supervisord.conf"

    @property
    def password_file(self) -> Path:
        """Where the password of Zope's admin lies."""
        return file_of(self.directory, "admin", self.cluster.secrets.admin)


def stack_in(config: Path) -> Stack:
    """The stack that a buildout file describes; raises TandemError."""
    sections = _without_machines(sections_in(config))
    cluster = cluster_from(sections, config.name)
    return Stack(config.parent, seen_from(here_from(sections, cluster, config.name), cluster))


def _without_machines(sections: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    # here.cfg may say which VM of the cluster this is; the stack on this computer is all of them.
    return {**sections, "here": {**sections.get("here", {}), "name": ""}}
