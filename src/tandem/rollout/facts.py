"""What there is on a host, by its own answer."""

import base64
import binascii
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tandem.errors import TandemError


@dataclass(frozen=True)
class Installed:
    """A file that is there; ``text`` is None where it is none that can be read as text."""

    text: str | None
    mode: int


@dataclass(frozen=True)
class Unit:
    """A unit that systemd knows, in systemd's own words (systemctl(1), org.freedesktop.systemd1).

    ``held_back``: a condition of the unit did not hold when it was started the last time, and so it
    was not.
    """

    active: str
    enabled: str
    held_back: bool = False


@dataclass(frozen=True)
class Built:
    """A release that is there, as it says of itself (tandem.rollout.release.Release)."""

    digest: str
    pins: str
    origin: str


@dataclass(frozen=True)
class VolumeState:
    """A volume as DRBD sees it from one machine, in DRBD's words (drbdadm(8))."""

    role: str
    connection: str
    disk: str
    peer_disk: str

    @property
    def well(self) -> bool:
        """Whether both sides are connected and up to date."""
        return (self.connection, self.disk, self.peer_disk) == ("Connected", "UpToDate", "UpToDate")


@dataclass(frozen=True)
class Facts:
    """What was read from a host. Of machines alone, of VMs alone, and of roles some of it is."""

    packages: frozenset[str] = frozenset()
    """The Debian packages that are installed in full."""
    files: Mapping[str, Installed] = field(default_factory=dict)
    """Those files of the ones asked for that are there, by their paths without the first slash."""
    ours: frozenset[str] = frozenset()
    """The files that say in themselves that Tandem made them, by such paths."""
    units: Mapping[str, Unit] = field(default_factory=dict)
    """The units that are there."""
    volumes: Mapping[str, VolumeState] = field(default_factory=dict)
    """The volumes that are configured, by their names."""
    groups: Mapping[str, int] = field(default_factory=dict)
    """The free space (MB) of the description's LVM volume group, where that is there."""
    logical: Mapping[str, str] = field(default_factory=dict)
    """The tags of each LVM volume in that group, by the volumes' names."""
    peer: str = ""
    """What Heartbeat says of the other machine of the pair: ``active`` while all is well."""
    holds: str = ""
    """What it counts as started here: ``all``, ``local``, ``foreign`` or ``none`` of it."""
    links: Mapping[str, str] = field(default_factory=dict)
    """What it says of its links, by their interfaces: ``up`` or ``dead``."""
    vms: frozenset[str] = frozenset()
    """The VMs that run."""
    free: int | None = None
    """The memory (MB) that further VMs could get."""
    takes: Mapping[str, int] = field(default_factory=dict)
    """The memory (MB) that each of those takes that run."""
    maintenance: str = ""
    """Who maintains the pair, since when and why: nothing is taken over meanwhile."""
    clients: Mapping[str, str] = field(default_factory=dict)
    """What each Plone client says of itself, by its unit: ``ready``, or why it is not."""
    releases: Mapping[str, Built] = field(default_factory=dict)
    """The releases that were built in full, by their names, which are their times."""
    current: str = ""
    """The one that programs are started from."""
    built_of: Mapping[str, Installed] = field(default_factory=dict)
    """What that was built of, by paths in it; nothing where it is the one that is wanted."""
    runs: Mapping[str, str] = field(default_factory=dict)
    """The one that each unit's program was started from, by the units that run one."""
    backup: float | None = None
    """How old the last backup is, in seconds."""
    unsaved: float | None = None
    """For how long there has been data on a host that is up, in seconds."""

    @property
    def primary(self) -> bool:
        """Whether a volume is primary here: of the pair's machines the active one's are."""
        return any(volume.role == "Primary" for volume in self.volumes.values())


MADE_BY: Final = "Made by Tandem from "
"""What every file that Tandem makes says of itself (tandem.rendering.render)."""


def unit_in(path: str) -> str:
    """The unit that a file is of, as a drop-in or the unit itself; empty: it is of none."""
    folder, _, below = path.partition("etc/systemd/system/")
    return "" if folder or not below else below.split("/")[0].removesuffix(".d")


def answered(answer: str) -> Facts:
    """The facts in the answer to the question; raises TandemError where it is not whole.

    Each part of it follows a line ``== NAME`` (tandem.rollout.question).
    """
    parts: dict[str, list[str]] = {}
    for line in answer.splitlines():
        if line.startswith("== "):
            parts[line[3:]] = []
        elif parts:
            parts[next(reversed(parts))].append(line)
    if "end" not in parts:
        raise TandemError("it broke off while it said what is there")
    return Facts(
        packages=frozenset(
            words[1] for line in parts["packages"] if (words := line.split())[:1] == ["ii"]
        ),
        files=dict(_files(parts["files"])),
        ours=frozenset(_ours(parts["ours"])),
        units=dict(_units(parts["units"])),
        volumes=dict(volumes_in(parts.get("volumes", ()))),
        groups={
            words[0]: int(float(words[1]))
            for line in parts.get("groups", ())
            if len(words := line.split()) == 2
        },
        logical={
            words[0]: " ".join(words[1:])
            for line in parts.get("logical", ())
            if (words := line.split())
        },
        peer=" ".join(parts.get("peer", ())),
        holds=" ".join(parts.get("holds", ())),
        links=dict(line.split() for line in parts.get("links", ()) if len(line.split()) == 2),
        vms=frozenset(parts.get("vms", ())),
        free=next((int(line) for line in parts.get("memory", ()) if line.isdigit()), None),
        takes={
            words[0]: int(words[1])
            for line in parts.get("memory", ())
            if len(words := line.split()) == 2
        },
        maintenance=" ".join(parts.get("maintenance", ())),
        clients=dict(_clients(parts.get("clients", ()))),
        releases={
            words[0]: Built(*words[1:])
            for line in parts.get("releases", ())
            if len(words := line.split()) == 4
        },
        current="".join(parts.get("current", ())),
        built_of=dict(_files(parts.get("built of", ()))),
        runs=dict(_runs(parts["units"], parts.get("runs", ()))),
        backup=_age(parts.get("backup", ())),
        unsaved=_age(parts.get("unsaved", ())),
    )


def _ours(lines: Iterable[str]) -> Iterator[str]:
    """The files that have the mark at the top: whoever writes about such a file has it below."""
    for line in lines:
        path, _, found = line.partition("\0")
        if found.partition(":")[0] in ("1", "2", "3"):
            yield path.lstrip("/")


def _age(lines: Sequence[str]) -> float | None:
    """How old the newest is of times in seconds, of which the last is now."""
    times = [float(line) for line in lines]
    return times[-1] - max(times[:-1]) if len(times) > 1 else None


def volumes_in(lines: Iterable[str]) -> Iterator[tuple[str, VolumeState]]:
    """The volumes, by their names, in what the driver of what replicates them prints."""
    for line in lines:
        words = line.split()
        # DRBD 9 says the role of this side alone, 8.4 those of both.
        if len(words) == 4:
            disk, _, peer_disk = words[3].partition("/")
            yield words[0], VolumeState(words[1].split("/")[0], words[2], disk, peer_disk)


def _clients(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names of all clients, and an answer over HTTP after each name; its last line says it."""
    said: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith("client "):
            name = line.removeprefix("client ")
            said[name] = "no answer"
        elif line.strip():
            said[name] = line.strip()
    yield from said.items()


def _shown(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The properties of each unit, as systemctl shows them."""
    for block in "\n".join(lines).split("\n\n"):
        yield dict(line.partition("=")[::2] for line in block.splitlines())


def _runs(units: Iterable[str], lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The release of each unit that runs one, from those of the processes."""
    releases = dict(words for line in lines if len(words := line.split()) == 2)
    for said in _shown(units):
        if (pid := said.get("MainPID")) in releases:
            yield said["Id"], releases[pid]


def _units(lines: Iterable[str]) -> Iterator[tuple[str, Unit]]:
    for said in _shown(lines):
        if said.get("LoadState", "not-found") == "not-found":
            continue
        # Of a unit that was never started systemd says "no", too.
        held_back = said["ConditionResult"] == "no" and said["ConditionTimestampMonotonic"] != "0"
        yield said["Id"], Unit(said["ActiveState"], said["UnitFileState"], held_back)


def _files(lines: Sequence[str]) -> Iterator[tuple[str, Installed]]:
    if not lines:
        return
    try:
        tar = io.BytesIO(base64.b64decode("".join(lines)))
        with tarfile.open(fileobj=tar) as opened:
            for member in opened:
                read = opened.extractfile(member) if member.isreg() else None
                yield member.name, Installed(_text(read.read()) if read else None, member.mode)
    except (binascii.Error, tarfile.TarError):
        raise TandemError("it said what is there in a form that is not understood") from None


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
