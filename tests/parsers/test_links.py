"""What real networkd does with the links' files when something is wrong, or comes from outside."""

import json
from typing import Any

import pytest

from tests.parsers.conftest import Trees
from tests.parsers.running import on_host

_START = """
ip link set lo up
link=$1
ip link add "$link" address "$2" type veth peer far
ip link set far up
for folder in links leases lldp; do mkdir -p "/run/systemd/netif/$folder"; done
chown -R systemd-network: /run/systemd/netif
/lib/systemd/systemd-networkd >/run/log 2>&1 &
until_there() {
    tries=100
    until ip -4 address show dev "$link" | grep -q "$1"; do
        tries=$((tries - 1))
        if [ "$tries" -eq 0 ]; then echo "no $1" >&2; cat /run/log >&2; exit 1; fi
        sleep 0.05
    done
}
"""

_CARRIER_GOES = f"""{_START}
until_there "$3"
ip link set far down
tries=100
until grep -q 'Lost carrier' /run/log || [ "$tries" -eq 0 ]; do
    tries=$((tries - 1))
    sleep 0.05
done
sleep 0.5
grep -q 'Lost carrier' /run/log || exit 1
ip -json address show dev "$link"
"""

_ROUTES = f"""{_START}
until_there 198.51.100.10
tries=100
until ip route show table 100 | grep -q default && ip route | grep -q default; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || exit 1
    sleep 0.05
done
shift 2
for way; do
    ip -json route get "${{way#*=}}" from "${{way%%=*}}"
done
"""


@pytest.mark.root
@pytest.mark.parametrize(("interface", "address"), [("eth1", "10.0.1.11"), ("eth2", "10.0.2.11")])
def test_an_address_stays_when_a_dead_peer_takes_the_carrier_along(
    interface: str, address: str, tree_of: Trees
) -> None:
    root = tree_of("cluster", "master").root
    ran = on_host(root, _CARRIER_GOES, interface, "02:00:00:00:00:01", address)
    assert ran.returncode == 0, ran.stderr
    (link,) = json.loads(ran.stdout)
    assert "LOWER_UP" not in link["flags"]
    assert [found["local"] for found in link["addr_info"]] == [address]


def gateways(tree_of: Trees, *ways: str) -> list[str | None]:
    """By which router the frontend answers: FROM=TO, both addresses; None is none."""
    tree = tree_of("cluster", "frontend")
    assert tree.host.vm
    ran = on_host(tree.root, _ROUTES, "eth0", tree.host.vm.mac, *ways)
    assert ran.returncode == 0, ran.stderr
    found: list[list[dict[str, Any]]] = [json.loads(line) for line in _documents(ran.stdout)]
    return [route[0].get("gateway") for route in found]


def _documents(text: str) -> list[str]:
    return [line for line in text.replace("]\n", "]\0").split("\0") if line.strip()]


@pytest.mark.root
def test_the_frontend_answers_through_the_router_that_a_question_came_by(tree_of: Trees) -> None:
    assert gateways(
        tree_of, "10.0.0.21=203.0.113.7", "198.51.100.10=203.0.113.7", "10.0.0.21=10.0.0.22"
    ) == ["10.0.0.1", "198.51.100.1", None]
