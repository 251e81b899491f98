"""The Python environment ``.venv``: when it can be kept, and how it comes to be."""

import json
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from tandem.setup.faults import SetupError
from tandem.setup.pins import LOCK, Pin

_STAMP = "tandem.json"


@dataclass(frozen=True)
class Stamp:
    """What an environment was made of. It is written last: without one, the making was cut short.

    ``python`` is a version such as 3.11.2, ``place`` the folder of the environment, beside the
    checkout that it imports, ``pins`` a digest of the asks and the lock.
    """

    python: str
    place: str
    pins: str
    extras: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What to do with the environment, and why."""

    action: Literal["keep", "move", "update", "make"]
    why: str


def decide(found: Stamp | None, wanted: Stamp, *, exists: bool) -> Verdict:
    """Whether an environment can be kept, perhaps where it was moved or copied to, or updated.

    Else it must be made anew.
    """
    if not exists:
        return Verdict("make", "there is none yet")
    if found is None:
        return Verdict("make", "making or changing it was interrupted")
    if found.python != wanted.python:
        return Verdict("make", f"it was made for Python {found.python}")
    if found.pins != wanted.pins:
        return Verdict("update", "the pins have changed")
    if found.extras != wanted.extras:
        return Verdict("update", "other extras are asked for")
    if found.place != wanted.place:
        return Verdict("move", f"it has what is pinned, but was made in {found.place}")
    return Verdict("keep", "it has what is pinned")


def make_relocatable(venv: Path) -> None:
    """Have uv write scripts into an environment that work wherever it is moved or copied to.

    The key is that of ``uv venv --relocatable``.
    """
    with (venv / "pyvenv.cfg").open("a") as configuration:
        configuration.write("relocatable = true\n")


def read_stamp(venv: Path) -> Stamp | None:
    """The environment's stamp; None if there is none, or none that can be read."""
    try:
        fields = json.loads((venv / _STAMP).read_text())
        return Stamp(**{**fields, "extras": tuple(fields["extras"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_stamp(venv: Path, stamp: Stamp) -> None:
    """Vouch for the environment."""
    new = venv / f"{_STAMP}.new"
    new.write_text(json.dumps(asdict(stamp), indent=1))
    new.replace(venv / _STAMP)


def remove_stamp(venv: Path) -> None:
    """Vouch no longer for the environment, while it changes."""
    (venv / _STAMP).unlink(missing_ok=True)


def digest(files: Sequence[Path], *words: str) -> str:
    """A digest of the files' names and contents, and of ``words``; their order counts."""
    total = sha256("\0".join(words).encode())
    for file in files:
        total.update(f"{file}\0".encode())
        total.update(sha256(file.read_bytes()).digest())
    return total.hexdigest()


def ways_to_uv(
    python: str, venv: Path, requirement: Path, *, uv: str | None, pip: bool, ensurepip: bool
) -> list[list[tuple[str, ...]]]:
    """How the pinned uv gets into the environment: lists of commands, the quickest way first.

    With a uv that is on the computer, with the system's pip, or with the pip that Python has in
    itself (``ensurepip``, which Debian has in python3-venv).
    """
    inside = str(venv / "bin/python")
    flags = ("--require-hashes", "-r", str(requirement))
    quick = ("--no-deps", "--no-compile", "--progress-bar=off")
    ways: list[list[tuple[str, ...]]] = []
    if uv:
        ways.append([(uv, "pip", "install", "--python", inside, *flags)])
    if pip:
        ways.append([(python, "-m", "pip", "--python", inside, "install", *flags, *quick)])
    if ensurepip:
        ensure = (inside, "-m", "ensurepip", "--default-pip")
        ways.append([ensure, (inside, "-m", "pip", "install", *flags, *quick)])
    return ways


def installing(
    uv: Path, python: Path, extras: Sequence[str], wheelhouse: Path | None
) -> tuple[str, ...]:
    """The command that installs what pyproject.toml asks for, as pinned.

    With hashes required of everything, what has no pin is refused rather than picked.
    """
    source = ("--offline", "--no-index", f"--find-links={wheelhouse}") if wheelhouse else ()
    return (
        *(str(uv), "pip", "install", f"--python={python}"),
        *("--no-build", "--require-hashes", "--requirement=pyproject.toml"),
        *(f"--extra={extra}" for extra in extras),
        f"--constraint={LOCK}",
        *source,
    )


def installing_tandem(uv: Path, python: Path) -> tuple[str, ...]:
    """The command that makes the checkout itself importable, recipes included."""
    return (
        *(str(uv), "pip", "install", f"--python={python}"),
        *("--offline", "--no-deps", "--no-build-isolation", "--editable=."),
    )


def uv_from_wheelhouse(wheelhouse: Path, pin: Pin, target: Path) -> None:
    """Unpack the pinned uv, one program without needs of its own; SetupError if it isn't there."""
    for wheel in sorted(wheelhouse.glob(f"uv-{pin.version}-*.whl")):
        if sha256(wheel.read_bytes()).hexdigest() not in pin.hashes:
            raise SetupError(
                f"{wheel} is not the file that {LOCK} pins: make the wheelhouse anew"
                " with make wheelhouse"
            )
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if re.fullmatch(r"uv-[^/]*\.data/scripts/uv", member):
                    with archive.open(member) as source, target.open("wb") as unpacked:
                        shutil.copyfileobj(source, unpacked)
                    target.chmod(0o755)
                    return
    raise SetupError(
        f"{wheelhouse} has no wheel of uv {pin.version} in it: expected a folder"
        " that make wheelhouse made from the same requirements.txt"
    )


def extras_of(project: Mapping[str, list[str]], roles: Sequence[str], role: str) -> tuple[str, ...]:
    """The extras to install: a role's own, or for this computer all that are no role's."""
    return (role,) if role else tuple(sorted(set(project) - set(roles)))
