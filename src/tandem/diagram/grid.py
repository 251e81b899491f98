"""The columns in which everything stands."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from tandem.diagram import words
from tandem.diagram.machines import machine_width
from tandem.diagram.shapes import SMALL, width_of
from tandem.model import Cluster

MARGIN: Final = 32.0
COLUMN_GAP: Final = 48.0

_PER_COLUMN: Final = 3
_MOST_COLUMNS: Final = 2
_BESIDE_VOLUME: Final = 28.0


@dataclass(frozen=True)
class Grid:
    """The widths of a machine and of a volume, and in how many columns further machines stand."""

    machine: float
    volume: float
    columns: int

    @property
    def first(self) -> float:
        """Where the first machine of the pair begins."""
        return MARGIN

    @property
    def second(self) -> float:
        """Where the second begins."""
        return self.first + self.machine + self.volume + 2 * _BESIDE_VOLUME

    @property
    def middle(self) -> float:
        """The middle between the two."""
        return (self.first + self.machine + self.second) / 2

    def further(self, column: int) -> float:
        """Where a column of further machines begins."""
        return self.second + (column + 1) * (self.machine + COLUMN_GAP)

    @property
    def right(self) -> float:
        """Where the last column ends."""
        return self.further(self.columns - 1) + self.machine

    @property
    def inner(self) -> float:
        """From the first column's beginning to the last one's end."""
        return self.right - self.first


def grid_of(cluster: Cluster) -> Grid:
    """The columns for a cluster."""
    machine = machine_width(cluster)
    volume = 24 + max(
        width_of(line, SMALL, bold=at == 0)
        for volume in cluster.volumes
        for at, line in enumerate(words.volume(volume))
    )
    further = len(cluster.nodes) - len(cluster.pair)
    return Grid(machine, volume, min(ceil(further / _PER_COLUMN), _MOST_COLUMNS))
