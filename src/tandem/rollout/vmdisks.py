"""What a VM's new disk holds: a Debian made on the operator's computer, and its own files."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.errors import TandemError
from tandem.images.cache import Tell, cached
from tandem.images.debian import debian, name_of
from tandem.model import Cluster, Host
from tandem.rendering import CHECKOUT, File, Secrets
from tandem.rendering.hosts import host_files, units_at_boot
from tandem.rollout.packages import packages_of_vms
from tandem.rollout.remote import Remote
from tandem.rollout.step import Phase, Step
from tandem.rollout.tars import tar_of
from tandem.rollout.volumes import Filling, Storage, sizes_of

IMAGES: Final = CHECKOUT / "var/images"
"""Where the operator's computer keeps what is made once."""

_THERE: Final = "/var/lib/tandem/images"
HOST_KEYS: Final = "/var/lib/tandem/host-keys"
"""Where a machine keeps the public host keys of the VMs that were made on it."""


@dataclass(frozen=True)
class DebianImage:
    """A Debian with packages, compressed; made by mmdebstrap unless it is kept."""

    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name, here and on machines."""
        return f"{name_of(self.packages)}.gz"

    def content(self, remote: Remote, tell: Tell) -> bytes:
        """It, whole, unless the machine has it."""
        if remote.run(f"ls {_THERE} 2>/dev/null || true").split() == [self.name]:
            return b""
        tar = debian(self.packages, IMAGES, tell)
        compressed = cached(IMAGES / self.name, lambda gz: _compress(tar, gz, tell), tell)
        tell("sending it")
        return compressed.read_bytes()


def _compress(tar: Path, target: Path, tell: Tell) -> None:
    tell("compressing it")
    command = ("gzip", "-1", "--stdout", tar)
    with target.open("wb") as written:
        done = subprocess.run(command, stdout=written, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise TandemError(f"compressing {tar} failed: {done.stderr.decode().strip()}")


@dataclass(frozen=True)
class OwnFiles:
    """Files of one host."""

    host: str
    files: tuple[File, ...]

    def content(self, _: Remote, __: Tell) -> bytes:
        """A tar of them."""
        return tar_of(self.files)


def storage_on(cluster: Cluster, host: Host, secrets: Secrets, source: str) -> Storage | None:
    """The volumes that a host is to have, and what is put on new ones; None where it can have none.

    A machine without a VM may have had one.
    """
    node = host.machine
    if node is None or not (cluster.virtual or cluster.peer_of(node)):
        return None
    sizes = sizes_of(cluster, node)

    def content(name: str) -> Filling:
        if not cluster.virtual:
            return Filling("    :")
        return _disk_of(cluster, cluster.hosts[name], secrets, source)

    return Storage(
        node.volume_group,
        node.volume_disk or "",
        sizes,
        tuple(volume.name for volume in cluster.volumes if volume.name in sizes),
        node.name == cluster.pair[0],
        content,
    )


def _disk_of(cluster: Cluster, host: Host, secrets: Secrets, source: str) -> Filling:
    """What is put on a VM's new disk.

    It lets in those who may come into the machine, to the same account, and has a host key of its
    own, whose public part the machine keeps.
    """
    image = DebianImage(packages_of_vms(cluster))
    files = OwnFiles(host.name, host_files(cluster, host, secrets, source))
    units = [unit for unit, _ in units_at_boot(cluster, host)]
    sending = Step(
        "send the VMs' Debian",
        f"mkdir -p {_THERE}\n"
        f"[ -e {_THERE}/{image.name} ] && cat >/dev/null && exit\n"
        f"rm -f {_THERE}/*\ncat >{_THERE}/.new\nmv {_THERE}/.new {_THERE}/{image.name}",
        phase=Phase.AHEAD,
        sends=image,
    )
    does = f"""    tar -C $root -xzpf {_THERE}/{image.name} --numeric-owner \\
        --xattrs --xattrs-include='*' --exclude='./dev/*'
    tar -xpf - -C $root
{_account(cluster.ssh.user)}
    rm -f $root/etc/ssh/ssh_host_*
    ssh-keygen -q -t ed25519 -N '' -C {host.name} -f $root/etc/ssh/ssh_host_ed25519_key
    mkdir -p {HOST_KEYS}
    cp $root/etc/ssh/ssh_host_ed25519_key.pub {HOST_KEYS}/{host.name}.pub
    systemd-sysusers --root=$root
    systemctl --root=$root --quiet preset {" ".join(units)}"""
    return Filling(does, files, (sending,))


def _account(user: str) -> str:
    """Make the operator's account in a VM, with the keys that it has on the machine."""
    home, made = "/root", []
    if user != "root":
        home = f"/home/{user}"
        made = [
            f"useradd --root $root --create-home --shell /bin/bash {user}",
            f"echo '{user} ALL=(ALL:ALL) NOPASSWD: ALL' >$root/etc/sudoers.d/operator",
            "chmod 0440 $root/etc/sudoers.d/operator",
        ]
    lines = (
        *made,
        f"mkdir -p $root{home}/.ssh",
        f"chmod 0700 $root{home}/.ssh",
        f"install -m 0600 ~{user}/.ssh/authorized_keys $root{home}/.ssh/authorized_keys",
        f"chroot $root chown -R {user}: {home}/.ssh",
    )
    return "\n".join(f"    {line}" for line in lines)
