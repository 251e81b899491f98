"""Which Debian packages are missing, what that means, and how they are got."""

import importlib.util
import os
import re
import shutil
from collections.abc import Callable, Collection, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from tandem.setup.faults import cause
from tandem.setup.steps import Outcome

ALWAYS = "setup"
"""The purpose that every set-up has; without its packages there is none."""

_SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on an ordinary user's PATH
_APT = ("apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=60")
_QUIETLY = Path(__file__).with_name("quietly.sh")


@dataclass(frozen=True)
class Package:
    """One Debian package, as ``debian-packages.cfg`` describes it."""

    name: str
    purposes: tuple[str, ...]
    there: tuple[str, ...]
    without: str
    service: str


def read(text: str) -> tuple[Package, ...]:
    """The packages that ``debian-packages.cfg`` lists."""
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    return tuple(
        Package(
            name=name,
            purposes=tuple(parser[name]["for"].split()),
            there=tuple(parser[name]["there"].split()),
            without=parser[name]["without"],
            service=parser[name].get("service", ""),
        )
        for name in parser.sections()
    )


def missing(
    packages: Sequence[Package], purposes: Collection[str], is_there: Callable[[str], bool]
) -> tuple[Package, ...]:
    """The packages that serve one of ``purposes`` and of which no sign is there."""
    return tuple(
        package
        for package in packages
        if set(package.purposes) & set(purposes) and not any(map(is_there, package.there))
    )


def is_there(sign: str) -> bool:
    """Whether this computer has the program, or with ``python:`` the module, called ``sign``.

    A sign that begins with a slash is a file.
    """
    kind, _, module = sign.partition(":")
    if kind == "python" and module:
        return importlib.util.find_spec(module) is not None
    if sign.startswith("/"):
        return Path(sign).exists()
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SBIN))
    return shutil.which(sign, path=path) is not None


def way_to_root(*, root: bool, sudo: bool) -> tuple[str, ...] | None:
    """What to put before a command so that root runs it; None: there is no way."""
    if root:
        return ()
    return ("sudo", "-n") if sudo else None


def installation(packages: Sequence[Package]) -> tuple[str, ...]:
    """The command, for root, that installs the packages and starts nothing of them."""
    return (
        *_quietly(packages),
        *_APT,
        "--no-install-recommends",
        "--no-remove",
        "install",
        *(package.name for package in packages),
    )


def finishing(packages: Sequence[Package]) -> tuple[str, ...]:
    """The command, for root, that ends an installation of the packages which was cut short."""
    return (*_quietly(packages), "dpkg", "--configure", "-a")


def mending(output: str) -> tuple[str, ...]:
    """What root runs before trying again, after an installation that printed ``output``; or ()."""
    if "dpkg --configure -a" in output:
        return finishing(())
    stale = ("Unable to locate package", "no installation candidate", "404  Not Found")
    if any(sign in output for sign in stale):
        return (*_quietly(()), *_APT, "update")
    return ()


def unknown_to_apt(output: str) -> frozenset[str]:
    """The packages that this Debian has not, by what an installation printed."""
    refusals = (
        r"Unable to locate package (\S+)",
        r"Package '?([^\s']+)'? has no installation candidate",
    )
    return frozenset(name for refusal in refusals for name in re.findall(refusal, output))


def refused_by_sudo(outcome: Outcome) -> bool:
    """Whether it was sudo that would not run a command, and not the command that failed."""
    return outcome.status == 1 and outcome.output.lstrip().startswith("sudo:")


def reason(outcome: Outcome | None, *, apt: bool) -> str:
    """Why the packages are still missing; ``outcome`` is None where nothing could be tried."""
    if not apt:
        return "this is no Debian: get the like of them from its own package manager"
    if outcome is None or refused_by_sudo(outcome):
        return "that takes root, and sudo is not to be had without a password"
    return cause(outcome.output)


def advice(packages: Sequence[Package], why: str) -> str:
    """What is missing, what that means and how to get it: a line each."""
    names = " ".join(package.name for package in packages)
    return "\n".join(
        (
            f"Not installed: {names} ({why})",
            *(f"  without {package.name}: {package.without}" for package in packages),
            "  get it with: sudo apt-get update &&"
            f" sudo apt-get install --no-install-recommends {names}",
        )
    )


def _quietly(packages: Sequence[Package]) -> tuple[str, ...]:
    services = " ".join(package.service for package in packages if package.service)
    return ("sh", str(_QUIETLY), services)
