"""The base state of a lab: every machine's disks, installed, with the volumes in sync.

It is made once for a description, by machines that run, and kept; every lab starts from it, on
disks that hold only what was written since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from tandem.images.cache import Tell, cached, locked
from tandem.lab.described import Described
from tandem.lab.images.filesystem import copy_into
from tandem.lab.images.provisioning import agreeing, making_disks, size_of_disk
from tandem.lab.images.roots import Roots
from tandem.lab.lab import Lab
from tandem.lab.layout import layout_of
from tandem.lab.machine import Disk, Hardware, Kind
from tandem.lab.namespace import leashed
from tandem.lab.ssh import Identity, key_in
from tandem.model import Cluster


@dataclass(frozen=True)
class Base:
    """A base state, in a folder of its own."""

    folder: Path
    key: Path

    @property
    def identity(self) -> Identity:
        """Whom its hosts let in."""
        return Identity(self.key, self.folder / "known_hosts")

    def disks_of(self, machine: str, written: Path) -> tuple[Disk, ...]:
        """A machine's disks, of which another folder holds what is written to them."""
        return tuple(
            Disk(written / f"{machine}-{name}.cow", self.disk(machine, name))
            for name in ("root", "data")
        )

    def disk(self, machine: str, name: str) -> Path:
        """A disk of a machine: ``root``, or ``data``, on which the volumes are."""
        return self.folder / f"{machine}-{name}.img"


def base_of(
    described: Described,
    kind: Kind,
    images: Path,
    tell: Tell,
    *,
    bare: bool,
    making: Callable[[], None] = lambda: None,
) -> Base:
    """The base state of what is described, made unless it is kept in ``images``.

    ``bare``: the machines as Debian's installer leaves them, with empty disks. ``making`` is called
    before it is made. Raises TandemError, and what that raises.
    """
    cluster = described.cluster
    # Of labs that come up at the same time one makes what they all have.
    with locked(images / "keys", tell):
        key = key_in(images)
        roots = Roots(described, kind, key, images, tell, bare=bare)
    digest = sha256(f"{kind.name} {bare} {_SHAPE} {roots.digest}".encode()).hexdigest()[:16]

    def make(folder: Path) -> None:
        making()
        folder.mkdir()
        images = roots.make(folder, folder.parent)
        for machine in cluster.nodes:
            with (folder / f"{machine.name}-data.img").open("wb") as disk:
                disk.truncate(size_of_disk(cluster, machine) << 20)
        if not bare:
            _make_volumes(cluster, kind, Base(folder, key), images, tell)

    name = f"{'bare' if bare else 'base'}-{cluster.name}-{digest}"
    return Base(cached(images / name, make, tell, _MOST), key)


MEMORY: Final = 1024
"""How much memory the machines have meanwhile, in MB."""

_MOST: Final = 2
"""How many are kept of a cluster; one takes some gigabytes."""

_SHAPE: Final = 2
"""Goes up when the making of a base state changes, so that older ones are not taken for it."""


def _make_volumes(
    cluster: Cluster, kind: Kind, base: Base, images: dict[str, Path], tell: Tell
) -> None:
    """Make the volumes on the machines' second disks, and put on them what is in the images."""
    layout = layout_of(cluster)
    with leashed(base.folder.with_name("making")) as namespace:
        lab = Lab(cluster, kind, base.identity, namespace)
        lab.plug_in(
            Hardware(
                name,
                MEMORY,
                (Disk(base.disk(name, "root")), Disk(base.disk(name, "data"))),
                layout.ports_of(name),
                # There is nothing yet that they could start.
                ("systemd.mask=heartbeat.service", "systemd.mask=drbd.service"),
            )
            for name in cluster.machines
        )
        tell("the machines boot for the first time")
        for name in cluster.machines:
            lab.poweron(name)
        for name in cluster.machines:
            lab.await_ssh(name, timeout=180)
        tell("making the volumes")
        making = {
            machine.name: lab.start(machine.name, making_disks(cluster, machine, kind.device(1)))
            for machine in cluster.nodes
        }
        begins = {
            name: lab.ended(name, started, "making the volumes", timeout=120)
            for name, started in making.items()
        }
        if cluster.pair:
            lab.run(cluster.pair[0], agreeing(cluster), timeout=120)
        tell("the machines shut down")
        for name in cluster.machines:
            lab.shutdown(name)
        for name in cluster.machines:
            lab.await_off(name)
    for machine, printed in begins.items():
        for volume, sector in (line.split() for line in printed.splitlines()):
            if volume in images:
                tell(f"{volume} on {machine}")
                copy_into(images[volume], base.disk(machine, "data"), int(sector) * 512)
