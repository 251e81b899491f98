"""The upper part: what the cluster is, its sites, the visitors' way in."""

from typing import Final

from tandem.diagram import words
from tandem.diagram.grid import Grid
from tandem.diagram.shapes import (
    NAME,
    SMALL,
    TEXT,
    TITLE,
    Area,
    Box,
    Line,
    Shape,
    Text,
    width_of,
    wrapped,
)
from tandem.model import Cluster

_FACT: Final = 26.0
_PILL: Final = 52.0
_MOST_SITE: Final = 440.0
"""How wide a site is before it wraps, so that one long name leaves room for columns."""
_SWATCH: Final = 22.0


def heading(cluster: Cluster, grid: Grid, y: float) -> tuple[list[Shape], float]:
    """The cluster's name and what it is made with, from ``y`` downwards, and where that ends."""
    name = Text(
        grid.first,
        y + TITLE * 0.8,
        wrapped(cluster.name, grid.inner, TITLE, bold=True),
        TITLE,
        bold=True,
    )
    shapes: list[Shape] = [name]
    x, y = grid.first, name.area.bottom + 8
    facts = [(fact, "plain", "ink") for fact in words.facts(cluster)]
    if risk := words.risk(cluster):
        facts.append((risk, "risk", "risk"))
    for fact, box, style in facts:
        width = width_of(fact, SMALL) + 24
        if x > grid.first and x + width > grid.right:
            x, y = grid.first, y + _FACT + 8
        shapes.append(Box(Area(x, y, width, _FACT), box, _FACT / 2))
        middle = x + width / 2
        shapes.append(Text(middle, y + 17.5, (fact,), SMALL, style=style, anchor="middle"))
        x += width + 8
    return shapes, y + _FACT


def sites(cluster: Cluster, grid: Grid, y: float) -> tuple[list[Shape], float]:
    """The sites in columns, from ``y`` downwards, and where they end."""
    label = "site" if len(cluster.sites) == 1 else "sites"
    shapes: list[Shape] = [Text(grid.first, y + SMALL, (label,), SMALL, style="soft")]
    left = grid.first + 56
    room = grid.right - left
    listed = [words.site(site) for site in cluster.sites]
    widest = max(width_of(text, TEXT, bold=True) for text in listed) + 24
    width = min(room, widest, _MOST_SITE)
    columns = max(1, int(room // width))
    baseline = y + SMALL
    for start in range(0, len(listed), columns):
        bottom = baseline
        for column, text in enumerate(listed[start : start + columns]):
            lines = wrapped(text, width - 24, TEXT, bold=True)
            shape = Text(left + column * width, baseline, lines, TEXT, bold=True)
            shapes.append(shape)
            bottom = max(bottom, shape.y + shape.step * (len(lines) - 1))
        baseline = bottom + TEXT * 1.6
    return shapes, bottom + 4


def way_in(cluster: Cluster, grid: Grid, y: float) -> tuple[list[Shape], float]:
    """The visitors, the floating IP and the legend, from ``y`` downwards, and where they end."""
    address, note = str(cluster.floating_ip), f"floating IP, port {cluster.ports.frontend}"
    width = 36 + max(width_of(address, NAME, bold=True), width_of(note, SMALL))
    pill = Area(grid.middle - width / 2, y, width, _PILL)
    visitors = Area(grid.first, y + 10, width_of("visitors", TEXT) + 28, _PILL - 20)
    middle = visitors.x + visitors.width / 2
    at = y + _PILL / 2
    shapes: list[Shape] = [
        Box(visitors, "plain", visitors.height / 2),
        Text(middle, at + 4.5, ("visitors",), TEXT, anchor="middle"),
        Line(((visitors.right, at), (pill.x, at)), "frontend", tip=True),
        Box(pill, "frontend", _PILL / 2),
        Text(grid.middle, y + 23, (address,), NAME, bold=True, style="on", anchor="middle"),
        Text(grid.middle, y + 40, (note,), SMALL, style="on", anchor="middle"),
    ]
    if router := cluster.network.public_gateway:
        over = (visitors.right + pill.x) / 2
        lines = ("public gateway", router)
        shapes.append(Text(over, at - 8, lines[:1], SMALL, style="soft", anchor="middle"))
        shapes.append(Text(over, at + 18, lines[1:], SMALL, style="soft", anchor="middle"))
    shapes.extend(_legend(cluster, grid, y))
    return shapes, y + _PILL


def _legend(cluster: Cluster, grid: Grid, y: float) -> list[Shape]:
    listed = [
        ("zeoserver", "runs here from the start"),
        ("zeoserver later", "runs here after a failover"),
    ]
    if cluster.virtual:
        listed.append(("itself", "memory of the machine itself"))
    shapes: list[Shape] = []
    for at, (style, text) in enumerate(listed):
        top = y + at * 20
        shapes.append(Box(Area(grid.second, top + 1.5, _SWATCH, 11), style, 3))
        shapes.append(Text(grid.second + _SWATCH + 10, top + 11, (text,), SMALL, style="soft"))
    return shapes
