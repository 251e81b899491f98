"""Apache's own check of its configuration, where the files lie in their places."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from tests.parsers.running import lines, on_host
from tests.parsers.trees import Tree

_CHECK = """
mkdir -p /srv/tandem/frontend/log /var/cache/tandem
apache2 -t -f "$1"
apache2 -t -f "$1" -DROTATE
"""


def complaints(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What Apache says against httpd.conf, with and without rotated logs."""
    found: list[str] = []
    for path in paths:
        said = lines(on_host(tree.root, _CHECK, str(path)).stderr)
        found += said if said != ["Syntax OK", "Syntax OK"] else ()
    return found
