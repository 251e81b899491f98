"""What every recipe here does first: get the cluster, as seen from here, from the buildout."""

from collections.abc import MutableMapping
from typing import Any

from zc.buildout import UserError

from tandem.description import cluster_from, here_from, sections_of
from tandem.errors import TandemError
from tandem.model import Cluster, Here, seen_from

Options = MutableMapping[str, str]
SOURCE = "cluster.cfg"


class Described:
    """A recipe that knows the cluster, as it is seen from here.

    A description with faults ends the buildout before anything is written, with a line for each.
    """

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        sections = sections_of(buildout)
        try:
            cluster = cluster_from(sections, SOURCE)
            self.here: Here = here_from(sections, cluster, "here.cfg")
        except TandemError as error:
            raise UserError(error.report()) from None
        self.cluster: Cluster = seen_from(self.here, cluster)
        self.buildout = buildout
        self.name = name
        self.options = options

    def install(self) -> tuple[str, ...]:
        """Nothing to write."""
        return ()

    def update(self) -> tuple[str, ...]:
        """The same as installing: the description may have changed where no option here did."""
        return self.install()
