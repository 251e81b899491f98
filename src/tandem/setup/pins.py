"""The pins: requirements.txt is the lock that uv makes and reads, versions.cfg is made from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tandem.setup.faults import SetupError

_PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ASKS = "pyproject.toml"
LOCK = "requirements.txt"
VERSIONS = "versions.cfg"
COMPLETE = ".complete"
"""The file of a wheelhouse that says of which lock, and for which Python, it has all wheels."""


@dataclass(frozen=True)
class Pin:
    """One line of the lock: a release, and the SHA-256 sums of the files that it may be."""

    name: str
    version: str
    hashes: frozenset[str]

    def requirement(self) -> str:
        """The pin as pip and uv read it."""
        sums = "".join(f" --hash=sha256:{one}" for one in sorted(self.hashes))
        return f"{self.name}=={self.version}{sums}"


def read(lock: str) -> Mapping[str, Pin]:
    """The pins in the text of ``requirements.txt``, by name; SetupError where one name has two.

    Buildout knows one version for a name, whichever Python it runs on.
    """
    pins: dict[str, Pin] = {}
    found = list(_PIN.finditer(lock))
    ends = [match.start() for match in found[1:]] + [len(lock)]
    for match, end in zip(found, ends, strict=True):
        name, version = match.groups()
        if name in pins:
            raise SetupError(
                f"{LOCK}: {name} is pinned twice, to {pins[name].version} and {version}:"
                f" expected one version for every Python; narrow it down in {_ASKS}"
            )
        pins[name] = Pin(name, version, frozenset(_HASH.findall(lock, match.end(), end)))
    return pins


def digest(root: Path) -> str:
    """Stands for the lock of a checkout."""
    return sha256((root / LOCK).read_bytes()).hexdigest()


def versions(pins: Mapping[str, Pin]) -> str:
    """The text of ``versions.cfg``: the same pins for buildout, by the names that it looks up."""
    lines = [f"{pin.name} = {pin.version}" for _, pin in sorted(pins.items())]
    head = f"# Made by `make pins` from {LOCK}; what is asked for stands in {_ASKS}."
    return "\n".join([head, "[versions]", *lines, ""])


def resolving(uv: Path, lock: Path, *, keep: bool) -> tuple[str, ...]:
    """The command that makes ``lock`` anew; ``keep`` changes no more of it than it must.

    One version of a package for every supported Python (``--fork-strategy fewest``), wheels only:
    nothing is compiled and no package's own code runs where they are installed.
    """
    return (
        str(uv),
        "pip",
        "compile",
        _ASKS,
        "--all-extras",
        "--universal",
        "--fork-strategy=fewest",
        "--no-build",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--custom-compile-command=make pins",
        "--quiet",
        *(() if keep else ("--upgrade",)),
        f"--output-file={lock}",
    )


def changes(old: Mapping[str, Pin], new: Mapping[str, Pin]) -> list[str]:
    """What a resolution changed, a line for each pin."""
    lines = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if not after:
            lines.append(f"{name}: no longer needed")
        elif not before:
            lines.append(f"{name}: new, {after.version}")
        elif before.version != after.version:
            lines.append(f"{name}: {before.version} -> {after.version}")
    return lines


def collecting(python: Path, wheelhouse: Path) -> tuple[str, ...]:
    """The command that puts a wheel of every pin that this Python needs into ``wheelhouse``."""
    return (
        str(python),
        *("-m", "pip", "download"),
        *("--require-hashes", "--only-binary=:all:", "--no-deps"),
        *("--progress-bar=off", f"--requirement={LOCK}", f"--dest={wheelhouse}"),
    )


def stale(wheels: list[Path], pins: Mapping[str, Pin]) -> list[Path]:
    """The wheels in a wheelhouse that the pins no longer name."""
    return [wheel for wheel in wheels if not _is_pinned(wheel, pins)]


def _is_pinned(wheel: Path, pins: Mapping[str, Pin]) -> bool:
    name, version = wheel.name.split("-")[:2]
    pin = pins.get(re.sub(r"[-_.]+", "-", name).lower())
    return pin is not None and pin.version == version
