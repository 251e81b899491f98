"""The boxes of the machines, with what may run on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from math import ceil
from typing import Final

from tandem.diagram import words
from tandem.diagram.shapes import (
    HEAD,
    NAME,
    SMALL,
    TEXT,
    Area,
    Box,
    Shape,
    Text,
    width_of,
    wrapped,
)
from tandem.diagram.words import Card
from tandem.model import Cluster, Machine

PAD: Final = 16.0
"""From a machine's edge to what is in it."""
INSET: Final = 12.0
"""From a card's edge to what is in it."""
_GAP: Final = 12.0
"""Between two cards."""

_LEAST_WIDTH: Final = 296.0
_MOST_WIDTH: Final = 376.0
_BETWEEN: Final = 12.0
"""Between a text at the left and one at the right."""
_CHIP: Final = 20.0
_CHIP_GAP: Final = 4.0


@dataclass(frozen=True)
class Row:
    """A text at the left, wrapped where it must, and one at the right; ``before`` is above it."""

    left: str
    right: str = ""
    size: float = TEXT
    bold: bool = False
    style: str = "ink"
    right_style: str = "soft"
    before: float = 5

    @property
    def width(self) -> float:
        """What it takes on one line."""
        right = width_of(self.right, SMALL) + _BETWEEN if self.right else 0
        return width_of(self.left, self.size, self.bold) + right


def machine_width(cluster: Cluster) -> float:
    """How wide a machine's box is: the same for all, wide enough for what does not wrap well."""
    widths = [_LEAST_WIDTH]
    for node in cluster.nodes:
        listed = (*_head_rows(cluster, node), *_foot_rows(node))
        widths.extend(row.width + 2 * PAD for row in listed)
        for card in words.cards(cluster, node):
            widths.extend(row.width + 2 * (PAD + INSET) for row in _card_rows(card))
    return min(max(widths), _MOST_WIDTH)


@dataclass(frozen=True)
class Heights:
    """How high the parts of a machine are: its head, each card, and its foot."""

    head: float
    cards: tuple[float, ...]
    foot: float

    @property
    def all(self) -> float:
        """How high the machine is."""
        return self.head + sum(self.cards) + _GAP * max(0, len(self.cards) - 1) + self.foot

    def beside(self, other: "Heights") -> "Heights":
        """The least heights that do for both."""
        cards = zip_longest(self.cards, other.cards, fillvalue=0.0)
        return Heights(
            max(self.head, other.head), tuple(map(max, cards)), max(self.foot, other.foot)
        )


def heights(cluster: Cluster, node: Machine, width: float) -> Heights:
    """How high the parts of a machine of that width have to be."""
    return Heights(
        _head(cluster, node, Area(0, 0, width, 0)).bottom,
        tuple(_card(card, 0, 0, width).bottom for card in words.cards(cluster, node)),
        _foot(node, 0, 0, width).bottom,
    )


@dataclass(frozen=True)
class Placed:
    """A machine in its place: its shapes, where its cards are, how far down each link leaves it."""

    node: Machine
    area: Area
    shapes: tuple[Shape, ...]
    cards: tuple[tuple[Card, Area], ...]
    links: dict[str, float]


def place(cluster: Cluster, node: Machine, area: Area, parts: Heights) -> Placed:
    """A machine in an area, its parts as high as they shall be; the foot stands at the bottom."""
    head = _head(cluster, node, area)
    shapes: list[Shape] = [Box(area, "machine", 10), *head.shapes]
    cards = []
    y = area.y + parts.head
    for card, height in zip(words.cards(cluster, node), parts.cards, strict=False):
        drawn = _card(card, area.x, y, area.width)
        cards.append((card, Area(area.x + PAD, y, area.width - 2 * PAD, drawn.bottom - y)))
        shapes.extend(drawn.shapes)
        y += height + _GAP
    foot = _foot(node, area.x, area.bottom - parts.foot, area.width)
    shapes.extend(foot.shapes)
    names = [network for network, _ in words.links(node)]
    return Placed(
        node,
        area,
        tuple(shapes),
        tuple(cards),
        {"service": head.middles[1], **dict(zip(names, foot.middles, strict=True))},
    )


@dataclass(frozen=True)
class _Block:
    """Shapes, where they end below, and the middle of the first line of each row."""

    shapes: tuple[Shape, ...]
    bottom: float
    middles: tuple[float, ...] = ()


def _head(cluster: Cluster, node: Machine, area: Area) -> _Block:
    inner = area.width - 2 * PAD
    block = _rows(_head_rows(cluster, node), area.x + PAD, area.y + 8, inner)
    shapes, y = block.shapes, block.bottom
    if cluster.virtual:
        y += 6
        shapes = (*shapes, *_memory_bar(cluster, node, Area(area.x + PAD, y, inner, 8)))
        y += 8
    return _Block(shapes, y + 14, block.middles)


def _head_rows(cluster: Cluster, node: Machine) -> tuple[Row, ...]:
    return (
        Row(node.name, words.duty(cluster, node), HEAD, bold=True),
        Row(f"{node.address} · {node.service_interface}", "service"),
        Row(words.memory(cluster, node), size=SMALL, style="soft"),
    )


def _foot(node: Machine, x: float, y: float, width: float) -> _Block:
    block = _rows(_foot_rows(node), x + PAD, y + 9, width - 2 * PAD)
    return _Block(block.shapes, block.bottom + PAD - 3 if block.shapes else y + PAD, block.middles)


def _foot_rows(node: Machine) -> tuple[Row, ...]:
    return tuple(Row(text, network) for network, text in words.links(node))


def _rows(listed: tuple[Row, ...], x: float, y: float, width: float) -> _Block:
    shapes: list[Shape] = []
    middles = []
    for row in listed:
        room = width - (width_of(row.right, SMALL) + _BETWEEN if row.right else 0)
        baseline = y + row.before + row.size
        lines = wrapped(row.left, room, row.size, row.bold)
        text = Text(x, baseline, lines, row.size, row.bold, row.style)
        shapes.append(text)
        if row.right:
            right = (row.right,)
            shapes.append(
                Text(x + width, baseline, right, SMALL, style=row.right_style, anchor="end")
            )
        middles.append(baseline - row.size * 0.35)
        y = baseline + text.step * (len(lines) - 1) + 3
    return _Block(tuple(shapes), y, tuple(middles))


def _memory_bar(cluster: Cluster, node: Machine, area: Area) -> Iterator[Shape]:
    yield Box(area, "track", 2)
    x = area.x
    parts = [("itself", node.dom0_memory)]
    for card in words.cards(cluster, node):
        parts.append((f"{card.role}{' reserved' * card.later}", card.memory))
    for style, megabytes in parts:
        width = area.width * megabytes / node.memory
        # A slit between two parts, unless it would be all of one.
        yield Box(Area(x, area.y, max(width - 1, width / 2), area.height), style, 2)
        x += width


def _card(card: Card, x: float, y: float, width: float) -> _Block:
    inner = width - 2 * (PAD + INSET)
    block = _rows(_card_rows(card), x + PAD + INSET, y + 6, inner)
    shapes, bottom = block.shapes, block.bottom
    if card.clients:
        chips = _chips(card.clients, x + PAD + INSET, bottom + 7, inner)
        shapes, bottom = (*shapes, *chips.shapes), chips.bottom
    bottom += INSET - 2
    area = Area(x + PAD, y, width - 2 * PAD, bottom - y)
    return _Block((Box(area, f"{card.role}{' later' * card.later}"), *shapes), bottom)


def _card_rows(card: Card) -> tuple[Row, ...]:
    on, soft = ("ink", "soft") if card.later else ("on", "on")
    listed = [
        Row(card.name, size=NAME, bold=True, style=on),
        Row(card.address, card.port, style=on, right_style=soft),
    ]
    if card.sizes:
        listed.append(Row(card.sizes, size=SMALL, style=soft))
    return tuple(listed)


def _chips(labels: tuple[str, ...], x: float, y: float, room: float) -> _Block:
    shapes: list[Shape] = []
    width = max(width_of(label, SMALL) for label in labels) + 7
    per_row = int((room + _CHIP_GAP) // (width + _CHIP_GAP))
    step = _CHIP + _CHIP_GAP
    for at, label in enumerate(labels):
        row, column = divmod(at, per_row)
        area = Area(x + column * (width + _CHIP_GAP), y + row * step, width, _CHIP)
        middle = area.x + width / 2
        shapes.append(Box(area, "chip", 5))
        shapes.append(Text(middle, area.y + 14.5, (label,), SMALL, style="on", anchor="middle"))
    return _Block(tuple(shapes), y + ceil(len(labels) / per_row) * step - _CHIP_GAP)
