"""``make run``, ``make stop`` and ``make status``."""

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tandem.errors import TandemError
from tandem.local.operations import run, stop
from tandem.local.stack import Stack, stack_in
from tandem.local.status import Status, status
from tandem.rendering import CHECKOUT


def main() -> int:
    """Do what the command line says.

    0 when all is well, 1 when not, 2 for a wrong call, 130 when broken off.
    """
    parser = argparse.ArgumentParser(prog="python -m tandem.local", description=__doc__)
    parser.add_argument("command", choices=["run", "stop", "status"])
    parser.add_argument("--config", type=Path, default=CHECKOUT / "buildout.cfg")
    parser.add_argument("--json", action="store_true", help="what status says, for scripts")
    given = parser.parse_args()
    console = Console(stderr=given.json)
    try:
        stack = stack_in(given.config.resolve())
        if given.command == "stop":
            console.print("stopped" if stop(stack) else "nothing ran")
            return 0
        seen = run(stack, console) if given.command == "run" else status(stack)
    except TandemError as error:
        return _fail(error.report())
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return _fail(f"broken off: make {given.command} goes on from here", status=130)
    if given.json:
        print(json.dumps(seen.as_json(), indent=2))
    else:
        _show(console, stack, seen, greet=given.command == "run")
    if seen.well:
        return 0
    if not any(row.pid for row in seen.rows):
        return _fail("nothing runs: make run starts it")
    unwell = ", ".join(row.name for row in seen.rows if not row.ready)
    return _fail(f"not well: {unwell}; see {stack.var}/log and {stack.var}/frontend/log")


def _fail(words: str, status: int = 1) -> int:
    Console(stderr=True, soft_wrap=True).print(words, style="red", highlight=False, markup=False)
    return status


def _show(console: Console, stack: Stack, seen: Status, greet: bool) -> None:
    table = Table()
    for column in ("", "address", "pid", "up", "memory", "state"):
        table.add_column(column, no_wrap=column == "address")
    for row in seen.rows:
        table.add_row(
            row.name,
            row.address,
            str(row.pid or ""),
            str(timedelta(seconds=row.seconds)) if row.pid else "",
            f"{row.memory_mb} MB" if row.pid else "",
            f"[green]{escape(row.says)}" if row.ready else f"[red]{row.state}: {escape(row.says)}",
        )
    console.print(table)
    for line in seen.missing:
        console.print(line, style="yellow", soft_wrap=True)
    if greet:
        clients = [row.address for row in seen.rows if row.name.startswith("zeoclient")]
        url = f"http://{clients[0]}{stack.cluster.sites[0].path}" if seen.missing else seen.url
        console.print(f"Plone:    {url}", soft_wrap=True)
        console.print(f"log in:   admin, password in {stack.password_file}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
