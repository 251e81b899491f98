"""What is built on a host that has roles: the checkout, and in it what its profiles make.

It is built as on a server, by ``make setup ROLE=... WHEELHOUSE=...`` in the host's own root, and
without a network.
"""

import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from tandem.description import text_of
from tandem.errors import TandemError
from tandem.images.apart import running, surroundings
from tandem.images.cache import Tell, cached
from tandem.lab.images.filesystem import pack, unpack
from tandem.model import HOME, Cluster, Host, Sections
from tandem.rendering import CHECKOUT
from tandem.rollout.release import Release, release_for, started_from
from tandem.rollout.wheels import wheelhouse
from tandem.setup.pins import LOCK

_BUILDING: Final = f"""\
root=$1 wheels=$2
mkdir -p "$root{HOME}/wheelhouse"
mount --bind "$wheels" "$root{HOME}/wheelhouse"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" sh -euc "$3"
"""
_EARLIER: Final = HOME / "releases/0"
"""A release that is not there but for what is installed in it: the next one takes that over."""


def add_software(
    root: Path,
    cluster: Cluster,
    host: Host,
    sections: Sections,
    name: str,
    cache: Path,
    tell: Tell,
) -> None:
    """Build a release of its software into the host's root; without roles that is nothing.

    ``sections`` are the description's, ``name`` is what the release is called. The Python
    environment is kept in the cache for other hosts whose roles ask for the same. Takes root.
    Raises TandemError.
    """
    release = release_for(cluster, host, text_of(sections, "as this host was built from it"))
    if release is None:
        return
    home = root / HOME.relative_to("/")
    shutil.rmtree(home, ignore_errors=True)
    tell("the wheels")
    house = wheelhouse()
    earlier = root / _EARLIER.relative_to("/")

    def make(tar: Path) -> None:
        _build(root, release, name, house, tell)
        tell("keeping the Python environment")
        pack(home / "current/.venv", tar)

    kept = cached(cache / f"environment-{_digest(root, host.roles)}.tar", make, tell)
    if not (home / "current").exists():
        unpack(kept, earlier / ".venv")
        (earlier / ".release").write_text(f"none\n{release.pins}\nnone\n")
        _build(root, release, name, house, tell)
        shutil.rmtree(earlier)


def _digest(root: Path, roles: Sequence[str]) -> str:
    """Stands for all that the Python environment depends on."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    asks = sorted({ask for role in roles for ask in project["optional-dependencies"][role]})
    setup = sorted((CHECKOUT / "src/tandem/setup").glob("*.py"))
    python = (root / "usr/bin/python3").resolve()
    total = sha256(" ".join(asks).encode())
    for file in (CHECKOUT / LOCK, CHECKOUT / "pyproject.toml", *setup, python):
        total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def _build(root: Path, release: Release, name: str, house: Path, tell: Tell) -> None:
    script = f"started={name}\n{release.building}\n{started_from(name)}"
    command: Sequence[str | Path] = ("sh", "-euc", _BUILDING, "build", root, house, script)
    # Each step that make begins is told.
    printed: list[str] = []
    with TemporaryFile(dir=root) as handed:
        handed.write(release.tar())
        handed.seek(0)
        with running(
            command,
            network=False,
            cwd=root,
            env=surroundings(),
            stdin=handed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            for line in process.stdout or ():
                printed.append(line.decode(errors="replace").strip())
                if printed[-1].endswith(" ..."):
                    tell(printed[-1].removesuffix(" ..."))
            process.wait()
    if process.returncode:
        raise TandemError(f"building the software failed: {fault(printed)}")


def fault(printed: Sequence[str]) -> str:
    """The line that matters of what make printed: what set-up itself says went wrong."""
    said = (line for line in printed if line.startswith("make ") and ": " in line)
    first = next(said, "")
    return first.split(": ", 1)[1] if first else (printed[-1] if printed else "it said nothing")
