"""Every example's hosts with all their files, written out as they will lie on the host."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from tandem.model import Cluster, Host
from tandem.rendering import File
from tandem.rendering.hosts import host_files
from tests.examples import FILES, example, secrets_for

SOURCE = "cluster.cfg"


@cache
def files_of(cluster_name: str, host: str) -> tuple[File, ...]:
    """Every file of a host of an example."""
    cluster = example(cluster_name)
    return host_files(cluster, cluster.hosts[host], secrets_for(cluster), SOURCE)


def all_hosts() -> Iterator[tuple[str, str]]:
    """Each example with each of its hosts."""
    for name in FILES:
        yield from ((name, host) for host in example(name).hosts)


@dataclass(frozen=True)
class Tree:
    """A host's files below ``root``; ``scratch`` is for what the parsers themselves need."""

    cluster: Cluster
    host: Host
    root: Path
    scratch: Path

    def text(self, path: PurePosixPath) -> str:
        """What a file of the host says."""
        return self.at(path).read_text()

    def at(self, path: PurePosixPath) -> Path:
        """Where the file of the host lies here."""
        return self.root / path.relative_to("/")


def on_the_host(file: File) -> PurePosixPath:
    """The file's path on the host, from the root."""
    return PurePosixPath("/") / file.path


def write(files: Sequence[File], root: Path) -> None:
    """Write the files below a directory, with their modes."""
    for file in files:
        path = root / on_the_host(file).relative_to("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
        path.chmod(file.mode)
