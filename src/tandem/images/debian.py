"""The Debian that VMs and the lab's machines run: that of this computer, from its own sources."""

import os
import platform
import re
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache as once
from hashlib import sha256
from pathlib import Path
from typing import Final

from tandem.errors import TandemError
from tandem.images.apart import running
from tandem.images.cache import Tell, cached
from tandem.setup import packages as listing

# What belongs to one host or to this computer, as every host makes or is given its own; what nobody
# reads in the lab; and the names of hardware, of which there is none.
_REMOVED: Final = (
    *("etc/ssh/ssh_host_*", "var/lib/heartbeat/hb_uuid", "etc/hostname", "etc/resolv.conf"),
    *("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap"),
    *("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*"),
    # The last takes ipmitool half a second to read in the lab, each time.
    *("usr/lib/udev/hwdb.d/*", "usr/lib/udev/hwdb.bin", "usr/share/misc/enterprise-numbers.txt"),
)
_PHASES: Final = {
    "running apt-get update": "reading lists of packages",
    "downloading packages": "downloading",
    "extracting archives": "unpacking",
    "installing essential": "installing the essentials",
    "installing remaining": "installing",
    "creating tarball": "packing",
}
_STEPS: Final[dict[str, tuple[str, ...]]] = {
    "downloading": ("Get:",),
    "installing the essentials": ("Unpacking ", "Setting up "),
    "installing": ("Get:", "Unpacking ", "Setting up "),
}
_MOST_KEPT: Final = 200_000
"""How much of what mmdebstrap prints is kept to find its fault in, in characters."""


@dataclass(frozen=True)
class Release:
    """A release of Debian, and where apt gets it from, a line of sources.list each."""

    title: str
    codename: str
    sources: tuple[str, ...]
    settings: tuple[str, ...]
    """How apt gets there: proxies and the like, as apt.conf has them."""


def debian(packages: Collection[str], cache: Path, tell: Tell) -> Path:
    """A tar of the root of a Debian with these packages, made unless it is in the cache.

    It is the release that this computer runs, from this computer's own package sources. Takes root,
    or a user namespace. Raises TandemError.
    """
    release = this_release()

    def say(phase: str) -> None:
        tell(f"{release.title}: {phase}")

    def make(tar: Path) -> None:
        _make(release, sorted(set(packages)), tar, say)

    return cached(cache / name_of(packages), make, say)


def name_of(packages: Collection[str]) -> str:
    """What that tar is called: other packages, another release or source are another name."""
    release = this_release()
    words = "\n".join((release.codename, *release.sources, *sorted(set(packages)), *_REMOVED))
    return f"debian-{sha256(words.encode()).hexdigest()[:16]}.tar"


@once
def this_release() -> Release:
    """The release that this computer runs; raises TandemError."""
    system = platform.freedesktop_os_release()
    codename = system.get("VERSION_CODENAME", "")
    title = f"{system.get('NAME', '').split(' ')[0]} {system.get('VERSION_ID', '')}"
    targets = _said_by("apt-get", "indextargets", "--format", _TARGET, "Created-By: Packages")
    found = sources(targets, codename)
    if not found:
        raise TandemError(
            f"this computer's apt has no source of {title} ({codename or 'no codename'}):"
            " expected one in /etc/apt/sources.list or /etc/apt/sources.list.d"
        )
    return Release(title, codename, found, settings(_said_by("apt-config", "dump")))


_TARGET: Final = "$(REPO_URI) $(RELEASE) $(COMPONENT)"


def _said_by(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except FileNotFoundError:
        raise TandemError(f"there is no {command[0]}: the lab needs a Debian computer") from None
    except subprocess.CalledProcessError as error:
        raise TandemError(f"{command[0]} failed: {_last(error.stderr)}") from None


def sources(targets: str, codename: str) -> tuple[str, ...]:
    """The lines of sources.list for a release and its updates; of other sources none.

    ``targets`` is what apt knows: an address, a suite and a component in each line.
    """
    suites = [codename, f"{codename}-updates", f"{codename}-security"]
    known = (line.split() for line in targets.splitlines())
    return tuple(
        dict.fromkeys(
            f"deb {address} {suite} main"
            for address, suite, component in known
            if component == "main" and suite in suites
        )
    )


def settings(dump: str) -> tuple[str, ...]:
    """The settings in ``apt-config dump`` that say how apt gets to its sources."""
    how = r'^Acquire::(?:https?|Check-\w|Retries|ForceIPv)[^"]* ".+";$'
    return tuple(line for line in dump.splitlines() if re.match(how, line))


def _make(release: Release, packages: Sequence[str], tar: Path, tell: Tell) -> None:
    if not listing.is_there("mmdebstrap"):
        raise TandemError("there is no mmdebstrap, which makes the lab's Debian: install it")
    command = (
        *("mmdebstrap", "--verbose", "--mode=root", "--variant=minbase"),
        f"--include={','.join(packages)}",
        # An image that a loss of power cuts short is thrown away.
        "--dpkgopt=force-unsafe-io",
        "--aptopt=Acquire::Languages { none; };",
        # The account that apt would use cannot enter a cache in somebody's home directory.
        "--aptopt=APT::Sandbox::User root;",
        *(f"--aptopt={line}" for line in release.settings),
        f'--customize-hook=cd "$1" && rm -rf {" ".join(_REMOVED)}',
        *(release.codename, str(tar), *release.sources),
    )
    output = ""
    progress = Progress()
    with running(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(tar.parent)},
    ) as process:
        for line in process.stdout or ():
            printed = line.decode(errors="replace")
            output = (output + printed)[-_MOST_KEPT:]
            if told := progress.after(printed):
                tell(told)
        process.wait()
    if process.returncode:
        raise TandemError(f"making {release.title} failed: {fault(output)}")


@dataclass
class Progress:
    """How far mmdebstrap is, by what it and apt print: the phase, and in it the packages."""

    phase: str = ""
    packages: int = 0
    steps: int = 0
    percent: int = 0

    def after(self, line: str) -> str:
        """What to tell after it printed a line, if there is something new."""
        if line.startswith("I: "):
            named = next((name for sign, name in _PHASES.items() if sign in line), self.phase)
            if named == self.phase:
                return ""
            self.phase, self.steps, self.percent = named, 0, 0
            return named
        if counted := re.match(r"\d+ upgraded, (\d+) newly installed", line):
            self.packages = int(counted[1])
        words = _STEPS.get(self.phase, ())
        if not line.startswith(words) or not self.packages:
            return ""
        self.steps += 1
        percent = 100 * self.steps // (self.packages * len(words))
        if percent == self.percent:
            return ""
        self.percent = percent
        return f"{self.phase}, {percent} %"


def fault(output: str) -> str:
    """The one line that matters of what mmdebstrap printed: its first error."""
    if "No space left on device" in output:
        return "the disk is full: make room and run it again"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = (re.match(r"(?:E|dpkg: error): ?(.+)", line) for line in lines)
    return next((error[1] for error in errors if error), lines[-1] if lines else "it said nothing")


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
