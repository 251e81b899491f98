"""Which program reads which file of a host: every one has exactly one parser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.parsers import apache, drbd, heartbeat, network, systemd, texts, xen
from tests.parsers.trees import Tree

FRONTEND = "/etc/tandem/frontend"


@dataclass(frozen=True)
class Parser:
    """Checks all files of a host that match the patterns, and returns what is wrong with them.

    ``needs`` are its programs, and ``root`` says whether they take root.
    """

    name: str
    patterns: tuple[str, ...]
    complaints: Callable[[Tree, Sequence[PurePosixPath]], list[str]]
    needs: tuple[str, ...] = ()
    root: bool = False

    def reads(self, path: PurePosixPath) -> bool:
        """Tell whether the file is one of its own."""
        return any(path.match(pattern) for pattern in self.patterns)


PARSERS = (
    Parser(
        "drbdadm",
        ("/etc/drbd.conf", "/etc/drbd.d/*.res", "/etc/drbd.d/global_common.conf"),
        drbd.complaints,
        (*drbd.ADM.values(), "ip"),
    ),
    Parser(
        "xl",
        ("/etc/xen/*.cfg", "/etc/xen/auto/*.cfg", str(xen.GLOBAL)),
        xen.complaints,
        (xen.XL, "gcc"),
    ),
    Parser(
        "heartbeat",
        (str(heartbeat.HA_CF), "/etc/ha.d/authkeys", str(heartbeat.HARESOURCES)),
        heartbeat.complaints,
        ("/usr/libexec/heartbeat/heartbeat", "ip", "ps"),
        root=True,
    ),
    Parser("apache2", (f"{FRONTEND}/httpd.conf",), apache.complaints, ("apache2",), root=True),
    Parser("nft", ("/etc/nftables.conf",), network.firewall, ("nft",)),
    Parser(
        "systemd-networkd",
        ("/etc/systemd/network/*.network", "/etc/systemd/network/*.netdev"),
        network.configured,
        ("/lib/systemd/systemd-networkd", "ip"),
        root=True,
    ),
    Parser(
        "systemd-analyze",
        (
            "/etc/systemd/system/*.service",
            "/etc/systemd/system/*.timer",
            "/etc/systemd/system/*.mount",
            "/etc/systemd/system/*.d/*.conf",
        ),
        systemd.units,
        ("systemd-analyze",),
        root=True,
    ),
    Parser(
        "systemd-sysusers",
        ("/etc/sysusers.d/*.conf", "/etc/tmpfiles.d/*.conf", "/etc/tandem/*-folders.conf"),
        systemd.accounts,
        ("systemd-sysusers", "systemd-tmpfiles"),
        root=True,
    ),
    Parser(
        "systemctl",
        ("/etc/systemd/system-preset/*.preset",),
        systemd.presets,
        ("systemctl", "/lib/systemd/system/heartbeat.service", "/lib/systemd/system/drbd.service"),
        root=True,
    ),
    Parser("ifquery", ("/etc/network/interfaces",), network.interfaces, ("ifquery",)),
    Parser("resolver", ("/etc/resolv.conf",), network.resolver),
    Parser("getent", ("/etc/hosts",), network.names, ("getent",), root=True),
    Parser("hostname", ("/etc/hostname",), network.hostname, ("hostname",), root=True),
    Parser(
        "sh",
        (
            "/etc/ha.d/resource.d/*",
            "/usr/lib/stonith/plugins/external/*",
            "/usr/share/heartbeat/cat",
            "/usr/local/lib/tandem/*",
            "/usr/local/lib/tandem/generators/*",
            f"{FRONTEND}/run",
            f"{FRONTEND}/waitingroom",
            f"{FRONTEND}/clean-cache",
        ),
        texts.scripts,
        ("dash", "shellcheck"),
    ),
    Parser("perl", ("/usr/local/lib/tandem/network/*",), texts.perl, ("perl",)),
    Parser(
        "settings",
        ("/etc/default/*", "/etc/default/grub.d/*"),
        texts.settings,
        ("dash", "shellcheck"),
    ),
    Parser("html", (f"{FRONTEND}/503.html",), texts.pages),
    Parser("password", ("/etc/tandem/fence-*",), texts.passwords),
)

BY_NAME = {parser.name: parser for parser in PARSERS}
