"""What the operator's commands have in common: how they speak, and how they fail."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from tandem.errors import TandemError

CONSOLE: Final = Console(soft_wrap=True, highlight=False)
CLUSTER_HELP: Final = {"cluster": "the description to read (default: cluster.cfg)"}
JSON_HELP: Final = {"json": "say it for scripts"}


@contextmanager
def told() -> Iterator[None]:
    """Ends the command with exit status 1 and a line or two for what the operator can mend."""
    try:
        yield
    except TandemError as error:
        sys.exit(fail(error.report()))
    except OSError as error:
        sys.exit(fail(f"{error.filename}: {error.strerror}" if error.filename else str(error)))
    except KeyboardInterrupt:
        fail("interrupted")
        sys.exit(130)


def fail(words: str) -> int:
    """Say what is wrong where errors go; the exit status that goes with it."""
    Console(stderr=True, soft_wrap=True).print(words, style="red", highlight=False, markup=False)
    return 1


def agreed(question: str) -> bool:
    """Whether the operator says yes; raises TandemError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise TandemError(f"{question} Nobody is there to say so: --yes does")
    try:
        return CONSOLE.input(f"{question} [y/N] ", markup=False).strip().lower() in ("y", "yes")
    except EOFError:
        return False


@contextmanager
def working(title: str) -> Iterator[Callable[[str], None]]:
    """Shows what is being done, each line in the place of the one before; gives what takes it.

    Where nobody watches, as in a log, each line is one of its own, without a percentage.
    """
    started = monotonic()
    if not CONSOLE.is_terminal:
        log = _log(started)
        yield lambda line: log("", line)
        return
    with CONSOLE.status(title) as status:

        def show(line: str) -> None:
            status.update(escape(f"{monotonic() - started:5.1f} s  {line}"))

        yield show


@contextmanager
def working_on(names: Iterable[str]) -> Iterator[Callable[[str, str], None]]:
    """Shows what is being done with each of several at once; gives what takes a name and a line."""
    started = monotonic()
    if not CONSOLE.is_terminal:
        log = _log(started)
        yield lambda name, line: log(f"{name}: ", line)
        return
    columns = (
        TextColumn("{task.fields[name]}"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=CONSOLE) as progress:
        tasks = {name: progress.add_task("", name=name, total=None) for name in names}

        def show(name: str, line: str) -> None:
            progress.update(tasks[name], description=escape(line))

        yield show


def _log(started: float) -> Callable[[str, str], None]:
    """Prints what is being done with one of several, unless only a percentage of it is new."""
    said: dict[str, str] = {}

    def say(prefix: str, line: str) -> None:
        step = re.sub(r", \d+ %$", "", line)
        if step != said.get(prefix, ""):
            CONSOLE.print(f"{monotonic() - started:5.1f} s  {prefix}{step}", markup=False)
            said[prefix] = step

    return say
