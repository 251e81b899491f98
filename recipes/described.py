"""What every recipe here does first: get the cluster, as seen from here, from the buildout."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, ClassVar, Final

from zc.buildout import UserError

from recipes.hurry import hurry
from tandem.description import cluster_from, here_from, sections_of
from tandem.errors import TandemError
from tandem.model import Cluster, Here, seen_from
from tandem.model.checks import some
from tandem.rendering import File
from tandem.writing import write

hurry()

Options = MutableMapping[str, str]
SOURCE = "cluster.cfg"

_ROLES: Final = {"frontend": "Apache", "zeoserver": "ZEO server", "zeoclient": "Plone clients"}


class Described:
    """A recipe that knows the cluster as it is described, and as it is seen from here.

    A description with faults ends the buildout before anything is written, with a line for each.
    So does a part on a host that has not the part's role: the option ``role`` says which, empty
    that any host will do, as for a computer that has all.
    """

    role: ClassVar[str] = ""
    """The role that a host must have for such a part, unless the option says another."""

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        sections = sections_of(buildout)
        try:
            self.described: Cluster = cluster_from(sections, SOURCE)
            self.here: Here = here_from(sections, self.described, "here.cfg")
        except TandemError as error:
            raise UserError(error.report()) from None
        role = options.get("role", self.role)
        if fault := _role_fault(role, name, self.here, self.described):
            raise UserError(fault)
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


def _role_fault(role: str, part: str, here: Here, cluster: Cluster) -> str:
    if role and role not in _ROLES:
        return f"[{part}] role: {role!r}: expected {' or '.join(_ROLES)} or nothing"
    if not role or not here.name or role in cluster.hosts[here.name].roles:
        return ""
    right = some(name for name, host in cluster.hosts.items() if role in host.roles)
    return f"here.cfg: [here] name: {here.name!r} has no {_ROLES[role]}: expected {right}"
