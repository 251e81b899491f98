"""The whole picture, from above: what the cluster is, the way in, the machines, the networks."""

from tandem.diagram import words
from tandem.diagram.body import links, placed, service_network, volumes, way_to_the_frontend
from tandem.diagram.grid import MARGIN, grid_of
from tandem.diagram.shapes import Area, Box, Dot, Picture
from tandem.diagram.top import heading, sites, way_in
from tandem.model import Cluster


def picture(cluster: Cluster) -> Picture:
    """The picture of a cluster."""
    grid = grid_of(cluster)
    what, y = heading(cluster, grid, MARGIN)
    whose, y = sites(cluster, grid, y + 20)
    visitors, floating = way_in(cluster, grid, y + 24)
    service, bar = service_network(cluster, grid, floating + 20)
    machines = placed(cluster, grid, bar + 28)
    pair = (machines[0], machines[1])
    shapes = (
        *what,
        *whose,
        *visitors,
        *service,
        *(shape for machine in machines for shape in machine.shapes),
        *volumes(grid, pair),
        *way_to_the_frontend(grid, pair, floating),
        *links(cluster, grid, machines, bar),
    )
    width = grid.right + MARGIN
    height = MARGIN + max(shape.area.bottom for shape in shapes if not isinstance(shape, Dot))
    return Picture(
        width,
        height,
        words.title(cluster),
        words.description(cluster),
        (Box(Area(0, 0, width, height), "page", 12), *shapes),
    )
