"""zc.buildout without two things that it does in vain where pip has installed the packages.

Together they are a third of a build (docs/decisions/0023-builds-without-work-in-vain.md).
"""

from collections.abc import Iterable
from functools import wraps
from hashlib import sha256
from pathlib import Path
from sysconfig import get_path
from typing import Any

from zc.buildout import buildout
from zc.buildout.easy_install import pkg_resources


def hurry() -> None:
    """Have the zc.buildout that runs leave both out."""
    resolve = pkg_resources.WorkingSet.resolve
    if not hasattr(resolve, "__wrapped__"):
        pkg_resources.WorkingSet.resolve = _with_one_look(resolve)
    packages = Path(get_path("purelib"))
    # What it has read of folders, for the signatures of parts, by their paths or real paths.
    known = dict.fromkeys((str(packages), str(packages.resolve())), signature(packages))
    buildout._dir_hashes.update(known)


def signature(packages: Path) -> str:
    """Stands for what pip has installed in a folder: of a version there is but one content.

    zc.buildout takes the folder for one that somebody develops in, and reads every file in it.
    """
    names = sorted(path.name for path in packages.glob("*-info"))
    return sha256("\n".join(names).encode()).hexdigest()


def _with_one_look(resolve: Any) -> Any:
    """Look once for what there is, and not once for each package that another one needs."""

    @wraps(resolve)
    def resolved(
        self: Any,
        requirements: Iterable[Any],
        env: Any = None,
        installer: Any = None,
        replace_conflicting: bool = False,
        extras: Any = None,
    ) -> Any:
        if env is None and not replace_conflicting:
            env = pkg_resources.Environment(self.entries)
        return resolve(self, requirements, env, installer, replace_conflicting, extras)

    return resolved
