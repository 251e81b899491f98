"""The wheels that a release is installed from: on the operator's computer, and sent to a host."""

import io
import re
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from tandem.errors import TandemError
from tandem.images.cache import Tell
from tandem.model import HOME
from tandem.rendering import CHECKOUT
from tandem.rollout.remote import Remote
from tandem.setup.pins import COMPLETE, LOCK, digest

_THERE: Final = HOME / "wheelhouse"
_NAMES: Final = ".names"

RECEIVING: Final = f"""\
mkdir -p {_THERE}
cd {_THERE}
rm -rf .new
mkdir .new
tar -C .new -xf -
mv .new/{_NAMES} .
find .new -name '*.whl' -exec mv -f -t . '{{}}' +
rmdir .new
find . -maxdepth 1 -name '*.whl' -printf '%P\\n' | grep -vxFf {_NAMES} | xargs -r rm -f"""
"""The POSIX shell that takes them, and drops those that are no longer pinned."""

_making: Final = Lock()


@dataclass(frozen=True)
class Wheels:
    """A wheel of every pin that some roles need."""

    roles: tuple[str, ...]

    def content(self, remote: Remote, _: Tell) -> bytes:
        """A tar of those that the host lacks, and of all their names."""
        there = set(remote.run(f"ls {_THERE} 2>/dev/null || true").split())
        wheels = needed_by(self.roles, wheelhouse())
        names = "".join(f"{wheel.name}\n" for wheel in wheels).encode()
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as tar:
            for wheel in wheels:
                if wheel.name not in there:
                    tar.add(wheel, wheel.name)
            entry = tarfile.TarInfo(_NAMES)
            entry.size = len(names)
            tar.addfile(entry, io.BytesIO(names))
        return written.getvalue()


def needed_by(roles: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Those wheels of a folder that some roles need; raises TandemError.

    uv resolves what they ask for, with nothing but the pins and these wheels to choose from.
    """
    command: Sequence[str | Path] = (
        *(CHECKOUT / ".venv/bin/uv", "pip", "compile", "pyproject.toml", "--quiet"),
        *("--offline", "--no-index", f"--find-links={folder}", f"--constraint={LOCK}"),
        *("--no-header", "--no-annotate", "--no-emit-find-links"),
        *(f"--extra={role}" for role in roles),
    )
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or "it said nothing"
        # uv draws conclusions, over several lines.
        cause = re.search("Because (.+?)(?: and |, we )", said)
        why = cause[1] if cause else said
        raise TandemError(f"{folder.relative_to(CHECKOUT)}: uv finds not all in it: {why}")
    pinned = set(done.stdout.split())
    return tuple(wheel for wheel in sorted(folder.glob("*.whl")) if _pin(wheel) in pinned)


def _pin(wheel: Path) -> str:
    """What a wheel is called in a lock (Binary distribution format, file name convention)."""
    name, version = wheel.name.split("-")[:2]
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def wheelhouse() -> Path:
    """The folder of all wheels, filled by ``make wheelhouse`` if need be; raises TandemError."""
    folder = CHECKOUT / "var/wheelhouse"
    stamp = folder / COMPLETE
    with _making:
        if stamp.exists() and stamp.read_text().split()[0] == digest(CHECKOUT):
            return folder
        command = ("make", "--no-print-directory", "wheelhouse")
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("make wheelhouse:")]
        raise TandemError((said or ["make wheelhouse failed"])[0])
    return folder
