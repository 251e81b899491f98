"""What the stack on this computer consists of, as the buildout in one directory built it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tandem.description import cluster_from, here_from, sections_in
from tandem.model import READY_PATH, Cluster, seen_from


@dataclass(frozen=True)
class Program:
    """A program that supervisord runs: where it listens, and the option that decides its port."""

    name: str
    address: str
    port: int
    option: str
    speaks_http: bool

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
        cluster = self.cluster
        return (
            Program(
                "zeoserver",
                cluster.zeoserver.address,
                cluster.ports.zeoserver,
                "[ports] zeoserver",
                speaks_http=False,
            ),
            *(
                Program(client.name, client.address, client.port, "[ports] zeoclient", True)
                for client in cluster.clients
            ),
            Program(
                "waitingroom",
                "127.0.0.1",
                cluster.ports.waitingroom,
                "[ports] waitingroom",
                speaks_http=False,
            ),
            Program(
                "frontend",
                cluster.frontend.address,
                cluster.ports.frontend,
                "[here] frontend-port",
                speaks_http=True,
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
    def supervisor_conf(self) -> Path:
        """The configuration of this stack's supervisord."""
        return self.directory / "parts" / "supervisor" / "supervisord.conf"

    @property
    def password_file(self) -> Path:
        """Where the password of Zope's admin lies."""
        return self.var / "secrets" / "admin"


def stack_in(config: Path) -> Stack:
    """The stack that a buildout file describes; raises TandemError."""
    sections = _without_machines(sections_in(config))
    cluster = cluster_from(sections, config.name)
    return Stack(config.parent, seen_from(here_from(sections, cluster, config.name), cluster))


def _without_machines(sections: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    # here.cfg may say which VM of the cluster this is; the stack on this computer is all of them.
    return {**sections, "here": {**sections.get("here", {}), "name": ""}}
