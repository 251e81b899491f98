"""The Plone sites of the stack on this computer: which there should be, and making them."""

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from tandem.errors import TandemError
from tandem.local.stack import Stack

_MAKE_SITES = Path(__file__).parents[1] / "plone" / "sites.py"


@dataclass(frozen=True)
class Sites:
    """Plone sites: their paths in Zope, and how long a cache may keep a page (s; 0: no cache)."""

    paths: tuple[str, ...]
    freshness: int


def wanted(stack: Stack) -> Sites:
    """The sites of the description."""
    return Sites(stack.cluster.site_paths, stack.cluster.freshness)


def made(stack: Stack) -> Sites | None:
    """The sites as they were made or set up the last time, which are not made again."""
    try:
        kept = json.loads(_file(stack).read_text())
        return Sites(tuple(kept["paths"]), kept["freshness"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget(stack: Stack) -> None:
    """Have the sites made again, which leaves alone what is there."""
    _file(stack).unlink(missing_ok=True)


def make(stack: Stack) -> None:
    """Make the admin and the sites, in a process of their own; raises TandemError."""
    sites = wanted(stack)
    log = stack.var / "log" / "make-sites.log"
    command: list[str | Path] = [
        stack.bin / "zeoclient1",
        "run",
        _MAKE_SITES,
        stack.password_file,
        str(sites.freshness),
        *sites.paths,
    ]
    with log.open("w") as output:
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, check=False, stdin=subprocess.DEVNULL
        )
    if done.returncode:
        raise TandemError(f"making {', '.join(sites.paths)} failed: see {log}")
    _file(stack).write_text(json.dumps(asdict(sites)))


def _file(stack: Stack) -> Path:
    return stack.var / "sites.json"
