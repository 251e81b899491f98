"""The root disks of a lab's hosts: Debian, what Tandem renders and builds, and a way in."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Final

from tandem.images.cache import Tell
from tandem.images.debian import debian, name_of
from tandem.lab.described import Described
from tandem.lab.guest import Keys, bare_files, lab_files
from tandem.lab.images.filesystem import add_modules, image, install, unpack
from tandem.lab.images.provisioning import size_of_filesystem
from tandem.lab.images.sites import make_sites
from tandem.lab.images.software import add_software
from tandem.lab.layout import layout_of, mirror_url
from tandem.lab.machine import Kind
from tandem.lab.ssh import keys_for, known_host
from tandem.model import DATA, Host
from tandem.rendering import File
from tandem.rendering.hosts import host_files
from tandem.rollout.checkout import digest
from tandem.rollout.packages import packages_for
from tandem.rollout.release import BUILD, named_now
from tandem.secrets import secrets_of

_MACHINE_DISK: Final = 6144
"""How large a machine's root disk is, in MB; what is not written takes no room here."""


INSTALLED: Final = (
    *("dbus", "ifupdown", "iproute2", "iputils-ping", "kmod", "netbase", "openssh-server"),
    *("procps", "systemd-sysv", "udev"),
)
"""What a bare machine has besides the essentials."""


class Roots:
    """Makes the root disks of what is described. ``bare``: of machines with nothing installed."""

    def __init__(
        self, described: Described, kind: Kind, key: Path, images: Path, tell: Tell, *, bare: bool
    ) -> None:
        self.described = described
        self.cluster = described.cluster
        self.kind = kind
        self.key = key
        self.images = images
        self.tell = tell
        self.bare = bare
        self.secrets = secrets_of(self.cluster, images, make_missing=True)
        self.started = named_now()

    @cached_property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that have such a disk."""
        hosts = self.cluster.hosts.values()
        return tuple(host for host in hosts if host.machine or not self.bare)

    @property
    def digest(self) -> str:
        """Of all that the disks are made of."""
        # A name alone would not do: what is built on the hosts depends on every option.
        sections = json.dumps(self.described.sections, sort_keys=True)
        made_of = [self.key.with_suffix(".pub").read_text(), sections, self.kind.modules().name]
        if not self.bare:
            made_of += [digest(), BUILD.read_text()]
        for host in self.hosts:
            files = (*self._files_of(host), *self._lab_files(host, Keys("", "", "")))
            made_of += [f"{file.path} {file.mode} {file.text}" for file in files]
            made_of += [host.name, name_of(self._packages(host))]
        return sha256("\n".join(made_of).encode()).hexdigest()

    def make(self, folder: Path, made_in: Path) -> dict[str, Path]:
        """Make ``MACHINE-root.img`` in the folder, and known_hosts; the images of the volumes.

        Those, by the volumes' names, and all that is in between is in ``made_in``.
        """
        roots = {host.name: made_in / f"{host.name}.root" for host in self.hosts}
        told = beside(self.tell)

        def install(host: Host) -> str:
            tell = told(host.name)
            known = self._install(host, roots[host.name], tell)
            tell("")
            return known

        # What they share, the first of them makes: the Debian of its kind, an environment.
        with ThreadPoolExecutor() as pool:
            (folder / "known_hosts").write_text("".join(pool.map(install, self.hosts)))
        if not self.bare:
            self._make_sites(roots)
        images = {} if self.bare else self._images(roots, made_in)
        self.tell(f"the disks of {', '.join(self.cluster.machines)}")
        _make_images(
            (roots[machine], folder / f"{machine}-root.img", _MACHINE_DISK)
            for machine in self.cluster.machines
        )
        return images

    def _images(self, roots: Mapping[str, Path], folder: Path) -> dict[str, Path]:
        """What is on the volumes: the VMs' root disks, or without VMs the data."""
        on_volumes = {vm.name: roots[vm.name] for vm in self.cluster.vms}
        if not self.cluster.virtual:
            data = str(DATA).lstrip("/")
            on_volumes = {"zeoserver": roots[self.cluster.pair[0]] / data}
        images = {name: folder / f"{name}.img" for name in on_volumes}
        self.tell(f"the disks of {', '.join(on_volumes)}")
        _make_images(
            (root, images[name], size_of_filesystem(self.cluster, name))
            for name, root in on_volumes.items()
        )
        return images

    def _install(self, host: Host, root: Path, tell: Tell) -> str:
        """Make a host's root in the folder; the host's line in known_hosts."""
        tar = debian(self._packages(host), self.images, tell)
        keys = keys_for(host.name, self.key, root.parent)
        tell("unpacking")
        unpack(tar, root)
        if host.machine:
            add_modules(root, self.kind.modules())
        if not self.bare:
            sections, name = self.described.sections, self.started
            add_software(root, self.cluster, host, sections, name, self.images, tell)
        install((*self._files_of(host), *self._lab_files(host, keys)), root)
        (root / "root/.ssh").chmod(0o700)
        return known_host(host.address, keys)

    def _packages(self, host: Host) -> tuple[str, ...]:
        """The Debian packages of a host.

        All VMs have those of every role: one Debian for them is made three times as fast.
        """
        if self.bare:
            return INSTALLED if self.cluster.ssh.user == "root" else (*INSTALLED, "sudo")
        alike = [one for one in self.hosts if bool(one.machine) == bool(host.machine)]
        packages = (package for one in alike for package in packages_for(self.cluster, one))
        return tuple(sorted({package.name for package in packages}))

    def _make_sites(self, roots: Mapping[str, Path]) -> None:
        cluster = self.cluster
        if cluster.virtual:
            zeoserver, zeoclient = "zeoserver", f"zeoclient-{cluster.zeoclient.addresses[0][0]}"
        else:
            zeoserver = zeoclient = cluster.pair[0]
        make_sites(cluster, roots[zeoserver], roots[zeoclient], self.tell)

    def _files_of(self, host: Host) -> tuple[File, ...]:
        if self.bare and host.machine:
            return bare_files(self.cluster, host.machine, mirror_url(self.cluster))
        return host_files(self.cluster, host, self.secrets, self.described.file.name)

    def _lab_files(self, host: Host, keys: Keys) -> tuple[File, ...]:
        ports = layout_of(self.cluster).ports_of(host.name) if host.machine else ()
        return lab_files(self.kind, keys, self.cluster.ssh.user, ports)


def beside(tell: Tell) -> Callable[[str], Tell]:
    """Tells in one line how far each of those is that work beside each other, by their names.

    One that has no more to tell says nothing.
    """
    said: dict[str, str] = {}

    def named(name: str) -> Tell:
        def tell_of(line: str) -> None:
            said[name] = f"{name}: {line}" if line else ""
            if all_of_it := "; ".join(filter(None, said.values())):
                tell(all_of_it)

        return tell_of

    return named


def _make_images(of: Iterable[tuple[Path, Path, int]]) -> None:
    """Make images of roots (tandem.lab.images.filesystem.image), and remove the roots."""

    def make(root: Path, target: Path, size: int) -> None:
        image(root, target, size)
        shutil.rmtree(root)

    with ThreadPoolExecutor() as pool:
        for made in [pool.submit(make, *one) for one in of]:
            made.result()
