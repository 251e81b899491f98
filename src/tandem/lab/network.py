"""The lab's links as Linux has them: bridges and taps, and rules that cut them.

All of it is text for ``ip -batch -`` and ``nft -f -`` in the lab's own network namespace.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tandem.lab.layout import Layout, Port

Direction = Literal["both", "to", "from"]
"""Which way a machine's link is cut: what goes to the machine, what comes from it, or both."""


@dataclass(frozen=True, order=True)
class Cut:
    """A machine's cable that is cut, in one direction or both."""

    link: str
    machine: str
    direction: Direction = "both"


def plugging(layout: Layout) -> str:
    """What makes the links and plugs the machines in, for ``ip -batch -``."""
    return "".join(f"{line}\n" for line in _plugging(layout))


def _plugging(layout: Layout) -> Iterator[str]:
    yield "link set lo up"
    for link, addresses in layout.addresses.items():
        yield f"link add {link} type bridge mcast_snooping 0"
        yield f"link set {link} up"
        for address in addresses:
            yield f"address add {address} dev {link}"
    for port in layout.ports:
        yield f"tuntap add {port.tap} mode tap"
        yield f"link set {port.tap} master {port.link} up"


def cutting(layout: Layout, cuts: Iterable[Cut]) -> str:
    """What cuts exactly these cables and no other, for ``nft -f -``.

    A tap stays up and in its bridge, as a cable that leads to a dead switch does. The lab's own ssh
    and what it takes, ARP, passes, so that the lab can look into a machine that is cut off.
    """
    return "\n".join(
        (
            "table bridge lab",
            "delete table bridge lab",
            "table bridge lab {",
            *_chains(layout, tuple(sorted(cuts))),
            "}\n",
        )
    )


def _chains(layout: Layout, cuts: tuple[Cut, ...]) -> Iterator[str]:
    ports = {(port.link, port.machine): port for port in layout.ports}
    deaf = [ports[cut.link, cut.machine] for cut in cuts if cut.direction != "from"]
    mute = [ports[cut.link, cut.machine] for cut in cuts if cut.direction != "to"]
    for hook in ("input", "forward", "output"):
        yield f"  chain {hook} {{"
        yield f"    type filter hook {hook} priority 0;"
        if hook == "input":
            yield "    ether type arp accept"
            yield "    tcp sport 22 accept"
        if hook == "output":
            yield "    ether type arp accept"
            yield "    tcp dport 22 accept"
        if hook != "output":
            yield from (f'    iifname "{port.tap}" drop' for port in mute)
        if hook != "input":
            yield from (f'    oifname "{port.tap}" drop' for port in deaf)
        yield "  }"


def slowing(port: Port, delay: float, loss: float) -> str:
    """The shell command that slows down what a machine sends on a link, within the machine.

    ``delay`` is in ms, ``loss`` in percent. It is the machine's own kernel that does it: netem is
    there, while this computer's kernel may lack it.
    """
    return f"tc qdisc replace dev {port.interface} root netem delay {delay:g}ms loss {loss:g}%"


def speeding_up(port: Port) -> str:
    """The shell command that takes that back."""
    return f"tc qdisc del dev {port.interface} root netem 2>/dev/null || true"
