"""``recipe = tandem:apache``: the frontend's Apache."""

import os
from hashlib import sha256
from pathlib import Path, PurePosixPath

from recipes.described import SOURCE, Described
from tandem.rendering import File, Place, render
from tandem.rendering.hosts import FRONTEND_THERE


class Apache(Described):
    """A complete configuration of Apache 2.4, run without any of Debian's own."""

    role = "frontend"

    def files(self) -> tuple[File, ...]:
        """Apache's configuration and the scripts that run it.

        On a host of a cluster they are what ``fab deploy`` puts into their place.
        """
        place = FRONTEND_THERE if self.here.name else self._place()
        return render("apache", self.cluster, SOURCE, place=place)

    def _place(self) -> Place:
        var = self.directory / "var"
        root = os.geteuid() == 0
        return Place(
            parts=PurePosixPath(self.parts),
            var=PurePosixPath(var / self.name),
            cache=PurePosixPath(_cache_for_root(var) if root else var / self.name / "cache"),
            python=PurePosixPath(self.buildout["buildout"]["executable"]),
            user=FRONTEND_THERE.user if root else "",
        )


def _cache_for_root(var: Path) -> Path:
    # Apache's workers, who are not root then, may not be able to enter the checkout: it often
    # lies in a home directory that is closed to others.
    return Path("/var/cache/tandem") / sha256(str(var).encode()).hexdigest()[:12]
