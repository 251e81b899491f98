"""What ``make setup`` and its kin ask for: arguments in, one line for what went wrong out."""

import argparse
import errno
import fcntl
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from tandem.setup import packages
from tandem.setup.checkout import Checkout, fullest
from tandem.setup.faults import SetupError
from tandem.setup.steps import Steps

_LOG = Path("var/log/setup.log")


def main(arguments: Sequence[str], root: Path) -> int:
    """Do what ``arguments`` say in the checkout ``root``; the exit status."""
    asked = _parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with _only_one(root) as lock:
            steps = Steps(root / _LOG, lock)
            checkout = Checkout(root, steps, asked.role, asked.wheelhouse)
            _carry_out(asked, checkout)
    except SetupError as error:
        return _fail(asked.what, error.report())
    except OSError as error:
        return _fail(asked.what, _say(error))
    except KeyboardInterrupt:
        print(f"\nmake {asked.what}: interrupted; run it again and it goes on", file=sys.stderr)
        return 130
    return 0


def _carry_out(asked: argparse.Namespace, checkout: Checkout) -> None:
    start = time.monotonic()
    if asked.role and asked.role not in checkout.roles:
        raise SetupError(
            f"ROLE={asked.role}: there is no such role: expected one of {', '.join(checkout.roles)}"
        )
    always = () if asked.wheelhouse else (packages.ALWAYS,)
    if asked.what == "pins":
        checkout.debian_packages(always)
        checkout.pin(keep=asked.keep)
        return
    purpose = {"setup": "run", "wheelhouse": "setup"}.get(asked.what, asked.what)
    without = checkout.debian_packages((*always, asked.role or purpose))
    checkout.environment()
    if asked.what == "wheelhouse":
        checkout.collect()
        return
    checkout.build()
    seconds = time.monotonic() - start
    names = " ".join(package.name for package in without)
    if names:
        checkout.steps.say(f"Set up but for {names} in {seconds:.1f} s")
    elif checkout.steps.ran:
        checkout.steps.say(f"Set up in {seconds:.1f} s")
    else:
        checkout.steps.say(f"Set up already, nothing to do ({seconds:.1f} s)")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python3 -m tandem.setup", description=__doc__)
    parser.add_argument(
        "what",
        choices=("setup", "run", "test", "lint", "bench", "docs", "lab", "pins", "wheelhouse"),
        help="what to set up for, or: pins, wheelhouse",
    )
    parser.add_argument("--role", default="", help="a VM's role, for its profile and its extras")
    parser.add_argument("--wheelhouse", type=_folder, help="set up from this folder of wheels")
    parser.add_argument("--keep", action="store_true", help="pins: change no more than needed")
    return parser.parse_args(arguments)


def _folder(text: str) -> Path | None:
    return Path(text).absolute() if text else None


@contextmanager
def _only_one(root: Path) -> Iterator[IO[str]]:
    """Hold the lock of this checkout's set-up; the kernel releases it, whatever happens."""
    path = root / "var/setup/lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up of this checkout is at work; waiting for it to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full: make room and run it again ({fullest()})"
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if isinstance(error, PermissionError):
        return f"{what}: run it as the owner of this checkout"
    return what


def _fail(what: str, sentence: str) -> int:
    print(f"make {what}: {sentence}", file=sys.stderr)
    return 1
