"""What a picture is made of, and how much room a text takes. Lengths are in the picture's units."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

TITLE: Final = 26.0
HEAD: Final = 17.0
NAME: Final = 14.0
TEXT: Final = 13.0
SMALL: Final = 12.0

_EMS: Final = (
    (" .,:;'|·ijl", 0.37),
    ("-/()[]!frt", 0.46),
    ("mwMW%@→…", 1.0),
)
"""How wide letters are, as a multiple of the size; capitals take 0.8, all others 0.65."""
_LINE: Final = 1.35
"""The distance of two lines' baselines, as a multiple of the size."""


class Area(NamedTuple):
    """A rectangle, from its left upper corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    def overlaps(self, other: "Area") -> bool:
        """Whether the two have more in common than an edge."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: "Area") -> bool:
        """Whether the other lies wholly within."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True)
class Box:
    """A rectangle with round corners; ``style`` are its classes."""

    area: Area
    style: str
    radius: float = 8


@dataclass(frozen=True)
class Line:
    """A line along horizontal and vertical pieces, with an arrow's tip at its end or without."""

    points: tuple[tuple[float, float], ...]
    style: str
    tip: bool = False

    @property
    def area(self) -> Area:
        """The room it takes."""
        xs, ys = zip(*self.points, strict=True)
        return Area(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    @property
    def pieces(self) -> Iterator[Area]:
        """Its pieces, each as a rectangle that has no width or no height."""
        for (x1, y1), (x2, y2) in zip(self.points, self.points[1:], strict=False):
            yield Area(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))


@dataclass(frozen=True)
class Dot:
    """Where a link is plugged in."""

    x: float
    y: float


@dataclass(frozen=True)
class Text:
    """Lines of text, the first on the baseline ``y``."""

    x: float
    y: float
    lines: tuple[str, ...]
    size: float
    bold: bool = False
    style: str = "ink"
    anchor: Literal["start", "middle", "end"] = "start"

    @property
    def step(self) -> float:
        """From one baseline to the next."""
        return self.size * _LINE

    @property
    def area(self) -> Area:
        """The room it takes at most."""
        width = max(width_of(line, self.size, self.bold) for line in self.lines)
        x = self.x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        height = self.size * 1.05 + self.step * (len(self.lines) - 1)
        return Area(x, self.y - self.size * 0.8, width, height)


Shape = Box | Line | Dot | Text


@dataclass(frozen=True)
class Picture:
    """All of a picture, and what it says to those who can't see it."""

    width: float
    height: float
    title: str
    description: str
    shapes: tuple[Shape, ...]


def width_of(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most; in DejaVu Sans, the widest of the usual fonts, it fits."""
    return sum(map(_ems, text)) * size * (1.11 if bold else 1.0)


def _ems(letter: str) -> float:
    otherwise = 0.8 if letter.isupper() else 0.65
    return next((ems for letters, ems in _EMS if letter in letters), otherwise)


def wrapped(text: str, room: float, size: float, bold: bool = False) -> tuple[str, ...]:
    """The text in lines no wider than ``room``; put together again they are the text.

    It breaks after a blank, hyphen, dot or slash, and inside a word that is too long for a line.
    """
    lines = [""]
    for word in re.findall(r"[^ ./-]*[ ./-]|[^ ./-]+", text):
        if width_of(lines[-1] + word, size, bold) <= room:
            lines[-1] += word
        elif width_of(word, size, bold) <= room:
            lines.append(word)
        else:
            for letter in word:
                if width_of(lines[-1] + letter, size, bold) > room:
                    lines.append("")
                lines[-1] += letter
    return tuple(line for line in lines if line) or ("",)
