"""The directive that puts the reference of the description's options into the handbook."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tandem.description import cluster_in
from tandem.model import Cluster
from tandem.reference import reference
from tandem.rendering import CHECKOUT


class OptionsReference(SphinxDirective):
    """``{options-reference}``: all options of the description."""

    def run(self) -> list[nodes.Node]:
        """Parse the reference where the directive stands."""
        source = StringList(reference(_examples()).splitlines(), source="tandem.model")
        return self.parse_text_to_nodes("\n".join(source), allow_section_headings=True)


def _examples() -> list[Cluster]:
    files = [CHECKOUT / "cluster.cfg", *sorted((CHECKOUT / "examples").glob("*.cfg"))]
    return [cluster_in(file) for file in files]


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("options-reference", OptionsReference)
    return {"parallel_read_safe": True}
