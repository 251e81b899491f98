"""Recipes whose work is to render one program's folder of templates."""

import os
import shutil
from hashlib import sha256
from pathlib import Path, PurePosixPath

from recipes.described import SOURCE, Described
from tandem.rendering import Place, render

WORKER = "www-data"
"""Debian's account for web servers, which Apache's workers take when root starts it."""


class Rendered(Described):
    """Writes every file of ``templates/<program>/`` below ``parts/<part's name>/``."""

    program: str

    def install(self) -> tuple[str, ...]:
        """Write the files; buildout removes the folder when the part goes."""
        parts = Path(self.buildout["buildout"]["parts-directory"]) / self.name
        var = Path(self.buildout["buildout"]["directory"]) / "var"
        root = os.geteuid() == 0
        place = Place(
            parts=PurePosixPath(parts),
            var=PurePosixPath(var / self.name),
            cache=PurePosixPath(_cache_for_root(var) if root else var / self.name / "cache"),
            python=PurePosixPath(self.buildout["buildout"]["executable"]),
            user=WORKER if root else "",
        )
        rendered = render(self.program, self.cluster, place, SOURCE)
        if parts.exists():
            shutil.rmtree(parts)
        for file in rendered:
            path = parts / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
            path.chmod(file.mode)
        return (str(parts),)


def _cache_for_root(var: Path) -> Path:
    # Apache's workers, who are not root then, may not be able to enter the checkout: it often
    # lies in a home directory that is closed to others.
    return Path("/var/cache/tandem") / sha256(str(var).encode()).hexdigest()[:12]
