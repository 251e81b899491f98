"""A mirror of just those Debian packages that bare machines of a lab still need.

The lab has no way out: this is what a hosting company's own mirror is to its machines.
"""

import os
import shutil
import subprocess
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path

from tandem.errors import TandemError
from tandem.images.apart import running
from tandem.images.cache import Tell, cached
from tandem.images.debian import debian, name_of, this_release


def mirror(there: Collection[str], wanted: Collection[str], cache: Path, tell: Tell) -> Path:
    """A folder that apt takes packages from: those wanted, for machines with those ``there``.

    It is made unless it is in the cache. Raises TandemError.
    """
    root = debian(there, cache, tell)

    def make(folder: Path) -> None:
        tell("the packages for bare machines")
        folder.mkdir()
        _download(root, sorted(set(wanted) - set(there)), folder, folder.parent / "apt")
        _index(folder)

    words = f"{name_of(there)} {name_of(wanted)}"
    return cached(cache / f"mirror-{sha256(words.encode()).hexdigest()[:16]}", make, tell)


def _download(root: Path, packages: Sequence[str], folder: Path, apt: Path) -> None:
    """Download the packages that a Debian lacks in order to have some more.

    ``root`` is the tar of that Debian, ``apt`` a folder for apt's own files.
    """
    for name in ("lists/partial", "cache/archives/partial", "log"):
        (apt / name).mkdir(parents=True)
    _run(("tar", "-xf", root, "-C", apt, "--strip-components=4", "./var/lib/dpkg/status"))
    (apt / "sources.list").write_text("".join(f"{line}\n" for line in this_release().sources))
    settings = {
        "Dir::State": apt,
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Dir::Log": apt / "log",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    options += [f"-o{line.replace(' ', '=', 1).rstrip(';')}" for line in this_release().settings]
    _run(("apt-get", "-q", *options, "update"))
    _run(("apt-get", "-q", "-y", "--download-only", *options, "install", *packages))
    for package in (apt / "cache/archives").glob("*.deb"):
        shutil.move(package, folder / package.name)


def _index(folder: Path) -> None:
    """Write the lists by which apt knows what is in the folder."""
    for what in ("packages", "release"):
        listed = _run(("apt-ftparchive", what, "."), folder)
        (folder / what.title()).write_text(listed)


def _run(command: Sequence[str | Path], folder: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with running(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        printed, said = process.communicate()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise TandemError(f"{command[0]} failed: {lines[-1]}")
    return printed.decode()
