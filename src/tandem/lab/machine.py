"""What a machine of the lab is, whatever simulates it: a process with console, disks, links."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tandem.lab.layout import Port
from tandem.model import Sections


@dataclass(frozen=True)
class Disk:
    """A disk of a machine.

    With a ``base``, ``path`` holds what was written since, and is made when the machine starts;
    without one it is the disk itself.
    """

    path: Path
    base: Path | None = None
    socket: Path | None = None
    """Where it is served by vhost-user, instead of being read from its file."""


@dataclass(frozen=True)
class Hardware:
    """A machine before anything runs on it; ``memory`` is in MB. The first disk is the root's."""

    name: str
    memory: int
    disks: tuple[Disk, ...]
    ports: tuple[Port, ...]
    kernel: tuple[str, ...] = ()
    """What its kernel's command line says besides."""


class Kind(ABC):
    """A kind of simulated machine.

    A machine is one process, whose standard input and output are its console. Killed, it is a
    machine that lost its power; stopped by a signal, one that froze; ended by itself, one that
    switched itself off.
    """

    name: str
    needs: Sequence[str]
    """The programs that it takes on this computer."""
    hypervisors: Sequence[str]
    """What it can run VMs with, as the description calls it; without VMs ``none``."""
    lacks: Sequence[str]
    """What of a real machine it has not: sentences for the operator."""
    changed: Sections = MappingProxyType({})
    """Options of the description that are others for that reason, by section."""
    files: Sequence[tuple[str, str]] = ()
    """What its hosts need for that: paths from the root, and texts."""

    @abstractmethod
    def command(self, machine: Hardware, run: Path) -> tuple[str, ...]:
        """The process that is the machine.

        It is started in the folder ``run``, and keeps there what it keeps while it runs.
        """

    @abstractmethod
    def made_whole(self, disk: Disk) -> Disk:
        """A disk without a base, made of one with; takes a second or two. Raises TandemError."""

    @abstractmethod
    def modules(self) -> Path:
        """Its kernel's modules on this computer, in a folder of its version's name.

        Raises TandemError where there are none.
        """

    @abstractmethod
    def device(self, number: int) -> str:
        """What the machine's kernel calls its disk of that number, from 0."""
