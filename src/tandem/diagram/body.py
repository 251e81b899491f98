"""The lower part: the machines, what links the pair, and the networks."""

from collections.abc import Iterator
from functools import reduce
from math import ceil
from typing import Final

from tandem.diagram import words
from tandem.diagram.grid import Grid
from tandem.diagram.machines import Heights, Placed, heights, place
from tandem.diagram.shapes import SMALL, TEXT, Area, Box, Dot, Line, Shape, Text, width_of, wrapped
from tandem.model import Cluster, Machine

_ROW_GAP: Final = 28.0
_BMC: Final = 26.0
_VOLUME: Final = 62.0
_ENTRY: Final = 11.0
"""From a frontend's upper edge to where visitors enter."""
_OUT: Final = 12.0
"""From a machine's edge to where its links go up and down; the second link takes twice that."""


def service_network(cluster: Cluster, grid: Grid, y: float) -> tuple[list[Shape], float]:
    """The service network's line with what is said about it above, and how far down it is."""
    room = grid.middle - 16 - grid.first
    name = wrapped(f"service network {cluster.network.service}", room, TEXT, bold=True)
    notes = wrapped(words.service_notes(cluster), grid.right - grid.second, SMALL)
    texts = (
        Text(grid.first, y + SMALL, name, TEXT, bold=True),
        Text(grid.second, y + SMALL, notes, SMALL, style="soft"),
    )
    at = max(text.area.bottom for text in texts) + 8
    end = grid.right + (0 if grid.columns else _OUT)
    return [*texts, Line(((grid.first - _OUT, at), (end, at)), "network")], at


def placed(cluster: Cluster, grid: Grid, top: float) -> tuple[Placed, ...]:
    """Each machine in its place from ``top`` downwards, the pair first."""
    pair = cluster.pair_nodes
    others = tuple(node for node in cluster.nodes if node not in pair)
    per_column = ceil(len(others) / max(1, grid.columns))
    gap = _ROW_GAP + (_BMC if any(node.fence_address for node in others) else 0)
    of_pair, of_others = _heights(cluster, pair, grid), _heights(cluster, others, grid)
    height, other_height = of_pair.all, of_others.all
    if per_column > 1:
        # Two machines above each other end where the pair does.
        height = max(height, 2 * other_height + gap)
        other_height = (height - gap) / 2
    places = [
        (node, Area(x, top, grid.machine, height), of_pair)
        for node, x in zip(pair, (grid.first, grid.second), strict=True)
    ]
    for at, node in enumerate(others):
        column, row = divmod(at, per_column)
        y = top + row * (other_height + gap)
        area = Area(grid.further(column), y, grid.machine, other_height)
        places.append((node, area, of_others))
    return tuple(place(cluster, node, area, parts) for node, area, parts in places)


def _heights(cluster: Cluster, nodes: tuple[Machine, ...], grid: Grid) -> Heights:
    """The parts' heights for machines that look alike; all machines' heads are equally high."""
    every = {node.name: heights(cluster, node, grid.machine) for node in cluster.nodes}
    head = Heights(max(one.head for one in every.values()), (), 0)
    return reduce(Heights.beside, (every[node.name] for node in nodes), head)


def volumes(grid: Grid, pair: tuple[Placed, Placed]) -> Iterator[Shape]:
    """The volumes, each between the two cards that use it."""
    beside = zip(pair[0].cards, pair[1].cards, strict=False)
    for (card, one), (_, other) in beside:
        if card.volume is None:
            continue
        top = one.y + (one.height - _VOLUME) / 2
        if card.role == "frontend":
            top = max(top, one.y + 2 * _ENTRY)
        area = Area(grid.middle - grid.volume / 2, top, grid.volume, _VOLUME)
        at = top + _VOLUME / 2
        yield Box(area, f"{card.role} volume", 14)
        for line, text in enumerate(words.volume(card.volume)):
            yield Text(
                grid.middle,
                top + 19 + line * 17,
                (text,),
                SMALL,
                bold=line == 0,
                style="ink" if line == 0 else "soft",
                anchor="middle",
            )
        yield Line(((one.right, at), (area.x, at)), card.role)
        yield Line(((area.right, at), (other.x, at)), card.role, tip=True)


def way_to_the_frontend(grid: Grid, pair: tuple[Placed, Placed], y: float) -> Iterator[Shape]:
    """The way of the visitors from the floating IP, whose end is at ``y``."""
    first, second = (
        next(area for card, area in machine.cards if card.role == "frontend") for machine in pair
    )
    fork = (grid.middle, first.y + _ENTRY)
    yield Line(((grid.middle, y), fork, (first.right, fork[1])), "frontend", tip=True)
    yield Line((fork, (second.x, fork[1])), "frontend later", tip=True)


def links(
    cluster: Cluster, grid: Grid, machines: tuple[Placed, ...], service: float
) -> Iterator[Shape]:
    """The links of all machines, the fencing devices, and the networks below.

    ``service`` is how far down the service network is.
    """
    # Beneath the pair, unless further machines have to come there too.
    linked = [one for one in machines[2:] if len(one.links) > 1 or one.node.fence_address]
    bottom = max(one.area.bottom for one in (*machines[:2], *(machines if linked else ())))
    if any(one.node.fence_address for one in machines):
        bottom += _BMC
    bars = {"service": service, "replication": bottom + 18, "management": bottom + 86}
    ends: dict[str, list[float]] = {network: [] for network in bars}
    for at, machine in enumerate(machines):
        for network, down in machine.links.items():
            left, out = _side(at, network)
            edge = machine.area.x if left else machine.area.right
            x = edge - out if left else edge + out
            ends[network].append(x)
            yield Line(((edge, down), (x, down), (x, bars[network])), "link")
            yield Dot(edge, down)
            yield Dot(x, bars[network])
        if machine.node.fence_address:
            out = 0 if at < len(cluster.pair) else _OUT
            yield from _fencing_device(machine, machine.node.fence_address, out, bars["management"])
    name = f"replication network {cluster.network.replication}"
    y = bars["replication"]
    yield Line(((min(ends["replication"]), y), (max(ends["replication"]), y)), "network")
    yield Text(grid.middle, y + 22, (name,), TEXT, bold=True, anchor="middle")
    yield Text(grid.middle, y + 40, ("DRBD and Heartbeat",), SMALL, style="soft", anchor="middle")
    if cluster.network.management:
        name = f"management network {cluster.network.management}"
        y = bars["management"]
        ends["management"] += [grid.first - _OUT, grid.second + grid.machine + _OUT]
        yield Line(((min(ends["management"]), y), (max(ends["management"]), y)), "network")
        yield Text(grid.first, y + 22, (name,), TEXT, bold=True)
        if cluster.fencing == "ipmi":
            yield Text(grid.first, y + 40, ("fencing, and nothing else",), SMALL, style="soft")


def _fencing_device(machine: Placed, address: str, out: float, bar: float) -> Iterator[Shape]:
    """A machine's BMC, which hangs below it, and its link: straight down, or ``out`` beside it."""
    text = f"BMC {address}"
    width = width_of(text, SMALL) + 24
    middle = machine.area.x + machine.area.width / 2
    area = Area(middle - width / 2, machine.area.bottom, width, _BMC)
    yield Box(area, "plain", 5)
    yield Text(middle, area.y + 17.5, (text,), SMALL, anchor="middle")
    if out:
        x, at = machine.area.right + out, area.y + _BMC / 2
        yield Line(((area.right, at), (x, at), (x, bar)), "link")
    else:
        x = middle
        yield Line(((x, area.bottom), (x, bar)), "link")
    yield Dot(x, bar)


def _side(at: int, network: str) -> tuple[bool, float]:
    """Whether a machine's link leaves it to the left, and how far outside it goes up or down."""
    if network == "replication":
        return (False, _OUT) if at == 0 else (True, _OUT) if at == 1 else (False, 2 * _OUT)
    if at == 0:
        return True, _OUT
    if at == 1:
        return False, _OUT
    return network == "service", _OUT
