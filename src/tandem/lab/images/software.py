"""What is built on a host that has roles: the checkout, and in it what its profiles make.

It is built as on a server, by ``make setup ROLE=... WHEELHOUSE=...`` in the host's own root, and
without a network.
"""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from tandem.description import text_of
from tandem.errors import TandemError
from tandem.lab.images.apart import running, surroundings
from tandem.lab.images.cache import Tell, cached
from tandem.lab.images.filesystem import pack, unpack
from tandem.model import CHECKOUT_THERE, Host, Sections
from tandem.rendering import CHECKOUT
from tandem.setup.pins import LOCK

# What set-up and buildout make, what is somebody's own, and what no host needs in order to run.
_MADE: Final = (".venv", ".installed*.cfg", "bin", "build", "develop-eggs", "eggs", "parts", "var")
_OWN: Final = (".git", ".*_cache", ".hypothesis", "here.cfg", "my.cfg", "cluster.cfg")
_NOT_RUN: Final = (".ci", "bench", "docs", "examples", "fabfile.py", "tests")
_OPERATORS: Final = ("lab", "rollout")
"""Packages that run on the operator's computer alone."""
_ANYWHERE: Final = ("__pycache__", "*.egg-info")
_AT_THE_TOP: Final = (*_MADE, *_OWN, *_NOT_RUN)

_BUILDING: Final = f"""\
root=$1 wheels=$2
shift 2
mount --bind "$wheels" "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" sh -euc '
cd {CHECKOUT_THERE}
for role; do make --no-print-directory setup "ROLE=$role" WHEELHOUSE=/mnt; done
.venv/bin/python -m compileall -q src recipes
' build "$@"
"""
_UV_CACHE: Final = "/root/.cache"


def add_software(root: Path, host: Host, sections: Sections, cache: Path, tell: Tell) -> None:
    """Build into the host's root what its roles need, anew; without roles that is nothing.

    ``sections`` are the description's. The Python environment is kept in the cache for other hosts
    whose roles ask for the same. Takes root. Raises TandemError.
    """
    if not host.roles:
        return
    there = root / CHECKOUT_THERE.relative_to("/")
    shutil.rmtree(there, ignore_errors=True)
    copy_checkout(there)
    (there / "cluster.cfg").write_text(text_of(sections, "as this host was built from it"))
    (there / "here.cfg").write_text(f"[here]\nname = {host.name}\n")
    house = wheels(cache, tell)

    def make(tar: Path) -> None:
        _build(root, host.roles, house, tell)
        tell("keeping the Python environment")
        pack(there / ".venv", tar)

    kept = cached(cache / f"environment-{_digest(root, host.roles)}.tar", make, tell)
    if not (there / ".venv").exists():
        unpack(kept, there / ".venv")
        _build(root, host.roles, house, tell)
    shutil.rmtree(root / _UV_CACHE.lstrip("/"), ignore_errors=True)


def wheels(cache: Path, tell: Tell) -> Path:
    """A folder with a wheel of every pin, made by ``make wheelhouse`` unless it is in the cache.

    Raises TandemError.
    """

    def make(folder: Path) -> None:
        _follow(("make", "--no-print-directory", "wheelhouse"), dict(os.environ), tell, CHECKOUT)
        shutil.copytree(CHECKOUT / "var/wheelhouse", folder)

    pinned = sha256((CHECKOUT / LOCK).read_bytes()).hexdigest()[:16]
    return cached(cache / f"wheels-{pinned}", make, tell)


def copy_checkout(there: Path) -> None:
    """Copy this checkout for all to read, without what was made in it and what no host runs."""
    shutil.copytree(
        CHECKOUT, there, ignore=_left_out, copy_function=_copy, symlinks=True, dirs_exist_ok=True
    )
    for folder, _, _ in os.walk(there):
        Path(folder).chmod(0o755)


def checkout_digest() -> str:
    """Stands for all that is copied of this checkout."""
    total = sha256()
    for folder, folders, names in os.walk(CHECKOUT):
        left_out = _left_out(folder, [*folders, *names])
        folders[:] = sorted(set(folders) - left_out)
        for name in sorted(set(names) - left_out):
            file = Path(folder) / name
            total.update(f"{file.relative_to(CHECKOUT)} {file.stat().st_mode}".encode())
            total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest()


_top = shutil.ignore_patterns(*_AT_THE_TOP, *_ANYWHERE)
_below = shutil.ignore_patterns(*_ANYWHERE)


def _left_out(folder: str, names: list[str]) -> set[str]:
    if Path(folder) == CHECKOUT / "src/tandem":
        return {*_below(folder, names), *_OPERATORS}
    return (_top if Path(folder) == CHECKOUT else _below)(folder, names)


def _copy(source: str, target: str) -> None:
    shutil.copy2(source, target)
    executable = Path(source).stat().st_mode & 0o100
    Path(target).chmod(0o755 if executable else 0o644)


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


def _build(root: Path, roles: Sequence[str], house: Path, tell: Tell) -> None:
    command: Sequence[str | Path] = ("sh", "-euc", _BUILDING, "build", root, house, *roles)
    # Whoever runs the programs there cannot keep what Python compiles, and would do it each time.
    environment = surroundings(UV_CACHE_DIR=_UV_CACHE, UV_COMPILE_BYTECODE="1")
    _follow(command, environment, tell, root, network=False)


def _follow(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    tell: Tell,
    folder: Path,
    *,
    network: bool = True,
) -> None:
    """Run a command that is make's, and tell each step that it begins; raises TandemError."""
    printed: list[str] = []
    with running(
        command,
        network=network,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
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
