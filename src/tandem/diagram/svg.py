"""A picture as the text of an SVG document."""

from typing import Final
from xml.etree import ElementTree as ET

from tandem.diagram.shapes import Box, Dot, Line, Picture, Shape, Text

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

_TIP: Final = 7.0
"""How long an arrow's tip is."""

# The handbook's colours: one for each role, greys for all else.
_STYLE: Final = """
    text { fill: #25313d; font-variant-numeric: tabular-nums }
    text.soft { fill: #5d6975 }
    text.on { fill: #fff }
    text.risk { fill: #ab4640 }
    rect { stroke: none }
    .page { fill: #fff }
    .machine { fill: #f4f6f8; stroke: #c6cdd5 }
    .plain { fill: #fff; stroke: #8a949f }
    rect.risk { fill: #fff; stroke: #ab4640 }
    .track { fill: #dde2e8 }
    .itself { fill: #8a949f }
    .chip { fill: #fff; fill-opacity: .16 }
    .frontend { fill: #33679c }
    .zeoserver { fill: #8a5a2b }
    .zeoclient { fill: #2e7258 }
    .later { fill: none; stroke-width: 1.5; stroke-dasharray: 5 4 }
    .volume { fill: #fff; stroke-width: 1.5 }
    .frontend.later, .frontend.volume, path.frontend { stroke: #33679c }
    .zeoserver.later, .zeoserver.volume, path.zeoserver { stroke: #8a5a2b }
    .reserved { fill-opacity: .45 }
    path { fill: none; stroke: #8a949f; stroke-width: 1.5 }
    path.network { stroke-width: 4; stroke-linecap: round }
    path.frontend, path.zeoserver { fill: none; stroke-width: 2 }
    circle { fill: #8a949f }
    @media (prefers-color-scheme: dark) {
      text { fill: #e4e9ee }
      text.soft { fill: #9ca7b3 }
      text.risk { fill: #e58e88 }
      .page { fill: #14181d }
      .machine { fill: #1c2229; stroke: #3b4551 }
      .plain { fill: #14181d; stroke: #77818d }
      rect.risk { fill: #14181d; stroke: #e58e88 }
      .track { fill: #323b46 }
      .volume { fill: #14181d }
      .frontend.later, .frontend.volume, path.frontend { stroke: #6a9fd4 }
      .zeoserver.later, .zeoserver.volume, path.zeoserver { stroke: #c08d58 }
      polygon.frontend { fill: #6a9fd4 }
      polygon.zeoserver { fill: #c08d58 }
    }
  """


def document(picture: Picture) -> str:
    """The SVG document, a line for each shape."""
    size = f"{_number(picture.width)} {_number(picture.height)}"
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {size}",
            "role": "img",
            "aria-labelledby": "cluster-title cluster-description",
            "font-family": _FONT,
        },
    )
    ET.SubElement(root, "title", {"id": "cluster-title"}).text = picture.title
    ET.SubElement(root, "desc", {"id": "cluster-description"}).text = picture.description
    ET.SubElement(root, "style").text = _STYLE
    # What is drawn later lies above: lines on boxes, texts on all.
    for kind in (Box, Line, Dot, Text):
        for shape in picture.shapes:
            if isinstance(shape, kind):
                _add(root, shape)
    root.text = "\n  "
    for element in root:
        element.tail = "\n  "
    root[-1].tail = "\n"
    return ET.tostring(root, encoding="unicode") + "\n"


def _add(root: ET.Element, shape: Shape) -> None:
    match shape:
        case Box(area, style, radius):
            place = zip(("x", "y", "width", "height"), map(_number, area), strict=True)
            ET.SubElement(root, "rect", {"class": style, **dict(place), "rx": _number(radius)})
        case Line():
            _add_line(root, shape)
        case Dot(x, y):
            ET.SubElement(root, "circle", {"cx": _number(x), "cy": _number(y), "r": "4"})
        case Text():
            _add_text(root, shape)


def _add_line(root: ET.Element, line: Line) -> None:
    points = list(line.points)
    (x1, y1), (x2, y2) = points[-2:]
    along = ((x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1))
    back = (x2 - along[0] * _TIP, y2 - along[1] * _TIP)
    if line.tip:
        # The line ends inside its tip, or its square end would show beside the point.
        points[-1] = (back[0] + along[0], back[1] + along[1])
    way = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
    ET.SubElement(root, "path", {"class": line.style, "d": f"M{way}"})
    if line.tip:
        side = (along[1] * _TIP * 0.6, along[0] * _TIP * 0.6)
        corners = (
            (x2, y2),
            (back[0] + side[0], back[1] + side[1]),
            (back[0] - side[0], back[1] - side[1]),
        )
        outline = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
        ET.SubElement(root, "polygon", {"class": line.style.split()[0], "points": outline})


def _add_text(root: ET.Element, text: Text) -> None:
    attributes = {
        "class": text.style,
        "x": _number(text.x),
        "y": _number(text.y),
        "font-size": _number(text.size),
    }
    if text.bold:
        attributes["font-weight"] = "600"
    if text.anchor != "start":
        attributes["text-anchor"] = text.anchor
    element = ET.SubElement(root, "text", attributes)
    element.text = text.lines[0]
    for line in text.lines[1:]:
        place = {"x": _number(text.x), "dy": _number(text.step)}
        ET.SubElement(element, "tspan", place).text = line


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
