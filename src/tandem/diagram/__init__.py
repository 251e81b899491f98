"""The picture of a cluster: model in, SVG out."""

from tandem.diagram.layout import picture
from tandem.diagram.svg import document
from tandem.model import Cluster


def diagram(cluster: Cluster) -> str:
    """A whole SVG document that shows the cluster, for light and dark pages.

    The same cluster gives the same text, to the byte. It needs nothing from outside, no font
    either.
    """
    return document(picture(cluster))
