"""``recipe = tandem:apache``: the frontend's Apache."""

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

from recipes.described import SOURCE, Described
from tandem.rendering import File, Place, render
from tandem.rendering.hosts import FRONTEND_THERE


class Apache(Described):
    """A complete configuration of Apache 2.4, run without any of Debian's own."""

    role = "frontend"

    def files(self) -> tuple[File, ...]:
        """Apache's configuration and the scripts that run it."""
        return render("apache", self.cluster, SOURCE, place=self._place())

    def _place(self) -> Place:
        parts = PurePosixPath(self.parts)
        python = PurePosixPath(self.buildout["buildout"]["executable"])
        if self.here.name:
            return replace(FRONTEND_THERE, parts=parts, python=python)
        var = self.directory / "var"
        root = os.geteuid() == 0
        return Place(
            parts=parts,
            var=PurePosixPath(var / self.name),
            cache=PurePosixPath(_cache_for_root(var) if root else var / self.name / "cache"),
            python=python,
            user=FRONTEND_THERE.user if root else "",
        )


def _cache_for_root(var: Path) -> Path:
    # Apache's workers, who are not root then, may not be able to enter the checkout: it often
    # lies in a home directory that is closed to others.
    return Path("/var/cache/tandem") / sha256(str(var).encode()).hexdigest()[:12]
