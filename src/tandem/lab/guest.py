"""What the lab adds to a host's files: its identity, and a way in.

Everything else of a host is what Tandem renders for any host of its description.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from tandem.lab.layout import Port
from tandem.lab.machine import Kind
from tandem.model import Cluster, Machine
from tandem.rendering import File


@dataclass(frozen=True)
class Keys:
    """How the lab comes in by ssh, and how it knows the host: the texts of OpenSSH's files."""

    authorized: str
    host_private: str
    host_public: str


def lab_files(kind: Kind, keys: Keys, user: str, ports: tuple[Port, ...] = ()) -> tuple[File, ...]:
    """The lab's own files on any host; ``ports`` are those of a machine.

    ``user`` is the operator's account, which comes in with the lab's key as root does.
    """
    return (
        *(_file(f"etc/systemd/network/00-lab-{port.link}.link", _link(port)) for port in ports),
        _file("root/.ssh/authorized_keys", keys.authorized, 0o600),
        *(() if user == "root" else _account(user, keys)),
        _file("etc/ssh/ssh_host_ed25519_key", keys.host_private, 0o600),
        _file("etc/ssh/ssh_host_ed25519_key.pub", keys.host_public),
        _file("etc/systemd/system/console-getty.service.d/lab.conf", _CONSOLE),
        # systemd itself starts it in containers alone.
        _file("etc/systemd/system-preset/10-lab.preset", "enable console-getty.service\n"),
        # An empty unit is a masked one (systemd.unit(5)).
        *(_file(f"etc/systemd/system/{unit}", "") for unit in _NEVER),
        *(_file(path, text) for path, text in kind.files),
    )


def bare_files(cluster: Cluster, machine: Machine, mirror: str) -> tuple[File, ...]:
    """What a machine has that was just installed: its name, its address, and where apt goes.

    The address is set up by ifupdown, as Debian's installer has it.
    """
    network = cluster.network
    return (
        _file("etc/apt/sources.list", f"deb [trusted=yes] {mirror} ./\n"),
        _file("etc/hostname", f"{machine.name}\n"),
        _file("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
        _file("etc/systemd/system-preset/20-installed.preset", "enable networking.service\n"),
        _file(
            "etc/network/interfaces",
            "auto lo\niface lo inet loopback\n\n"
            f"allow-hotplug {machine.service_interface}\n"
            f"iface {machine.service_interface} inet static\n"
            f"    address {machine.address}/{network.service.prefixlen}\n"
            f"    gateway {network.gateway}\n",
        ),
    )


def _account(user: str, keys: Keys) -> tuple[File, ...]:
    return (
        _file("etc/sysusers.d/lab.conf", f'u {user} - "the operator" /home/{user} /bin/bash\n'),
        _file("etc/sudoers.d/lab", f"{user} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440),
        # sshd reads it as the user, and does not mind that it is root's.
        _file(f"home/{user}/.ssh/authorized_keys", keys.authorized),
    )


_CONSOLE: Final = """\
# Who has the lab's console has all of it anyway.
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud console 115200,38400,9600 $TERM
"""


_NEVER: Final = MappingProxyType(
    {
        "e2scrub_reap.service": "looks for what broken-off checks of file systems left",
        "ipmievd.service": "reads the events of a BMC from within its machine, where there is none",
        "lvm2-monitor.service": "watches mirrors and thin pools of LVM, of which there are none",
        "sys-fs-fuse-connections.mount": "for file systems that are programs",
        "sys-kernel-config.mount": "for drivers that are set up by way of configfs",
        "systemd-binfmt.service": "other processors' programs",
        "systemd-logind.service": "keys of the machine's power, which come from its console here",
        "systemd-network-generator.service": "reads network options of the kernel",
        "systemd-pstore.service": "keeps what a kernel said before it died, where firmware has it",
        "systemd-random-seed.service": "for kernels that start without",
        "systemd-repart.service": "makes partitions",
        "systemd-update-utmp-runlevel.service": "for last(1)",
        "systemd-update-utmp.service": "for last(1)",
    }
)
"""Units of Debian's that never start in the lab, and what for: each takes a part of a boot."""


def _link(port: Port) -> str:
    return f"[Match]\nMACAddress={port.mac}\n\n[Link]\nName={port.interface}\n"


def _file(path: str, text: str, mode: int = 0o644) -> File:
    return File(PurePosixPath(path), text, mode)
