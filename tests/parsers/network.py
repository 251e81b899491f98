"""systemd-networkd, nft, the C library and hostname: what reads a host's network files."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

from tests.parsers.running import alone_in_the_network, lines, on_host, run
from tests.parsers.trees import Tree

_USUAL = re.compile(
    r"\S+: (Link (UP|DOWN)|(Gained|Lost) carrier|netdev ready|Configuring with \S+\.)"
    r"|Enumeration completed"
)
"""What networkd says when it does what it is told; whatever else it says is a complaint."""

_CONFIGURE = """
ip link set lo up
wanted=$1
shift
number=0
for link; do
    number=$((number + 1))
    ip link add "${link%%=*}" address "${link#*=}" type veth peer "far$number"
    ip link set "far$number" up
done
for folder in links leases lldp; do mkdir -p "/run/systemd/netif/$folder"; done
chown -R systemd-network: /run/systemd/netif
SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd >/run/log 2>&1 &
tries=40
until [ "$(grep -ls ADMIN_STATE=configured /run/systemd/netif/links/* | wc -l)" -eq "$wanted" ]; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "not all of $wanted links are configured" >>/run/log
        break
    fi
    sleep 0.05
done
ip -json address
ip -json route show table all
ip -json rule
cat /run/log
"""


@dataclass
class Link:
    """A network file: what it is for, and what it wants of it."""

    name: str
    mac: str
    options: dict[str, list[str]] = field(default_factory=dict)


def configured(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What systemd-networkd says against the files, and what it does not do of them."""
    texts = {path: tree.text(path) for path in paths}
    made = {_options(texts[path])["Name"][0] for path in paths if path.suffix == ".netdev"}
    links = [
        _link(text, at) for at, (path, text) in enumerate(texts.items()) if ".network" in path.name
    ]
    wires = [f"{link.name}={link.mac}" for link in links if link.name not in made]
    ran = on_host(tree.root, _CONFIGURE, str(len(links)), *wires)
    addresses, routes, rules, *log = ran.stdout.splitlines()
    found = [line for line in log if not _USUAL.fullmatch(line)]
    there = {interface["ifname"]: interface for interface in json.loads(addresses)}
    for link in links:
        found += _missing(link, there.get(link.name, {}), json.loads(routes))
        asked = {rule["src"] for rule in json.loads(rules) if rule["src"] != "all"}
        if asked != set(link.options.get("From", [])):
            found.append(f"{link.name}: From is {asked}, not {link.options.get('From', [])}")
    return [*found, *lines(ran.stderr)]


def _options(text: str) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        options.setdefault(name, []).append(value)
    return options


def _link(text: str, number: int) -> Link:
    matched, _, wanted = text.partition("[Match]")[2].partition("\n[")
    match = _options(matched)
    return Link(
        match.get("Name", ["uplink"])[0],
        match.get("MACAddress", [f"02:00:00:00:00:{number:02x}"])[0],
        _options(wanted),
    )


def _missing(link: Link, there: dict[str, Any], routes: list[dict[str, Any]]) -> list[str]:
    addresses = {f"{a['local']}/{a['prefixlen']}" for a in there.get("addr_info", ())}
    gateways = [r["gateway"] for r in routes if r["dst"] == "default" and r["dev"] == link.name]
    is_so = {
        "Address": sorted(addresses),
        "Gateway": sorted(gateways),
        "Bridge": [there["master"]] if "master" in there else [],
    }
    wanted = {name: link.options.get(name, []) for name in is_so}
    for name in ("Address", "Gateway"):
        wanted[name] = sorted(wanted[name])
    if "MACAddress" in link.options:
        is_so["MACAddress"] = [there.get("address", "")]
        wanted["MACAddress"] = link.options["MACAddress"]
    return [
        f"{link.name}: {name} is {is_so[name]}, not {wanted[name]}"
        for name in is_so
        if is_so[name] != wanted[name]
    ]


def firewall(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What nft says against the rules."""
    found: list[str] = []
    for path in paths:
        checked = run(alone_in_the_network(["nft", "--check", "--file", tree.at(path)]))
        found += lines(checked.stderr)
        if checked.returncode and not checked.stderr:
            found.append(f"{path}: nft failed without a word")
    return found


def names(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """The lines of /etc/hosts that the C library does not read."""
    found = []
    for path in paths:
        written = [
            line.split() for line in tree.text(path).splitlines() if not line.startswith("#")
        ]
        # Asked for all, it tells ::1 as 127.0.0.1.
        asked = on_host(tree.root, "getent --service=files hosts")
        read = [line.split() for line in asked.stdout.splitlines()]
        wanted = [[address.replace("::1", "127.0.0.1"), *words] for address, *words in written]
        found += [f"{path}: not read: {' '.join(line)}" for line in wanted if line not in read]
    return found


def hostname(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What hostname, which a boot calls, says against the host's own name."""
    found = []
    for path in paths:
        named = on_host(tree.root, 'hostname --file "$1" && hostname', str(path))
        found += lines(named.stderr)
        if named.stdout.strip() != tree.host.name:
            found.append(f"{path}: the name is {named.stdout.strip()!r}, not {tree.host.name!r}")
    return found


def interfaces(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What ifupdown cannot read, and the interfaces but the loopback that it would set up."""
    found = []
    for path in paths:
        for which in ("auto", "hotplug"):
            file = tree.root / path.relative_to("/")
            ran = run(("ifquery", "--interfaces", file, "--list", f"--allow={which}"))
            found += lines(ran.stderr)
            found += [f"{path}: sets up {name}" for name in lines(ran.stdout) if name != "lo"]
    return found


def resolver(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """The lines of /etc/resolv.conf that the C library does not read as they are meant."""
    found = []
    for path in paths:
        servers = 0
        for line in lines(tree.text(path)):
            word, _, value = line.partition(" ")
            if word == "nameserver":
                servers += 1
                if not _is_address(value):
                    found.append(f"{path}: no address of a name server: {line}")
            elif line[0] not in "#;" and not re.fullmatch(r"search( [a-z0-9.-]+){1,6}", line):
                found.append(f"{path}: not read: {line}")
        if not 0 < servers <= 3:
            found.append(f"{path}: {servers} name servers, and the C library asks one to three")
    return found


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
