"""What every recipe here does first: get the cluster, as seen from here, from the buildout."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from zc.buildout import UserError

from tandem.description import cluster_from, here_from, sections_of
from tandem.errors import TandemError
from tandem.model import Cluster, Here, seen_from
from tandem.rendering import File
from tandem.writing import write

Options = MutableMapping[str, str]
SOURCE = "cluster.cfg"


class Described:
    """A recipe that knows the cluster as it is described, and as it is seen from here.

    A description with faults ends the buildout before anything is written, with a line for each.
    """

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        sections = sections_of(buildout)
        try:
            self.described: Cluster = cluster_from(sections, SOURCE)
            self.here: Here = here_from(sections, self.described, "here.cfg")
        except TandemError as error:
            raise UserError(error.report()) from None
        self.cluster: Cluster = seen_from(self.here, self.described)
        self.buildout = buildout
        self.name = name
        self.options = options

    @property
    def directory(self) -> Path:
        """Where the buildout builds."""
        return Path(self.buildout["buildout"]["directory"])

    @property
    def parts(self) -> Path:
        """The folder of this part."""
        return Path(self.buildout["buildout"]["parts-directory"]) / self.name

    def files(self) -> tuple[File, ...]:
        """What the part's folder holds."""
        return ()

    def install(self) -> tuple[str, ...]:
        """Write the part's files; buildout removes the folder when the part goes."""
        try:
            files = self.files()
        except TandemError as error:
            raise UserError(error.report()) from None
        if not files:
            return ()
        write(files, self.parts)
        return (str(self.parts),)

    def update(self) -> tuple[str, ...]:
        """The same as installing: the description may have changed where no option here did."""
        return self.install()
