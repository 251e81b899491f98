"""Starting and stopping the stack on this computer."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import psutil
from rich.console import Console

from tandem import secrets
from tandem.errors import TandemError
from tandem.local import changes, sites
from tandem.local.asking import get, port_is_free, verdict, wait_until
from tandem.local.leftovers import end, leftovers
from tandem.local.stack import Program, Stack
from tandem.local.status import APACHE, WITH_APACHE, Status, runnable, status, supervisor_of

FREE_MB = 500
"""What must be free on the disk: a new Plone site, its logs and caches, with room to work."""

_START_SECONDS = 120
_STOP_SECONDS = 60


def run(stack: Stack, console: Console) -> Status:
    """Bring the stack up, make what is missing in it, and see that it answers.

    Each part is looked at first, so that running it again costs seconds and changes nothing.
    Raises TandemError where something stands in the way.
    """
    supervisor = supervisor_of(stack)
    if not stack.supervisor_conf.exists():
        raise TandemError(f"{stack.supervisor_conf} is missing: make setup builds it")
    # First of all: a run that is cut short must leave no word of sites that are not there.
    if stack.is_empty or not stack.password_file.exists():
        sites.forget(stack)
    secrets.make(stack.password_file)
    if not supervisor.is_running():
        if left := leftovers(stack):
            console.print("a stack that lost its supervisord still runs: it is stopped first")
            end(left)
        _refuse_where_it_cannot_run(stack)
        supervisor.start()
    else:
        supervisor.take_over_changes()
        for program in changes.outdated(stack):
            console.print(f"{program.name} has changed since it was started: it is started again")
            supervisor.stop(program.name)
    with _step(console, "starting the ZEO server"):
        supervisor.ensure("zeoserver")
        _wait_for(stack.programs[0], stack)
    # Before the clients: those that meet an empty database all try to fill it, and only one can.
    wanted = sites.wanted(stack)
    if sites.made(stack) != wanted:
        with _step(console, f"making {', '.join(wanted.paths)}"):
            sites.make(stack)
    with _step(console, f"starting {len(stack.clients)} Plone clients"):
        for client in stack.clients:
            supervisor.ensure(client.name)
        for client in stack.clients:
            _wait_for(client, stack)
        # One after the other: the first compiles the page templates, for which Python before 3.11.5
        # can fail where two threads do it (CPython issue 106905).
        for client in stack.clients:
            get(client.address, client.port, wanted.paths[0], timeout=60)
    if APACHE.exists():
        with _step(console, "starting Apache"):
            for name in WITH_APACHE:
                supervisor.ensure(name)
            for program in stack.programs[-2:]:
                _wait_for(program, stack)
    changes.note_started(stack)
    return status(stack)


def stop(stack: Stack) -> bool:
    """Stop everything; say whether something ran. Raises TandemError where it does not end."""
    supervisor = supervisor_of(stack)
    ran = supervisor.is_running()
    if ran:
        supervisor.shut_down()
        if not wait_until(lambda: not supervisor.is_running(), _STOP_SECONDS):
            raise TandemError(f"still running after {_STOP_SECONDS} s: see {stack.var}/log")
    left = leftovers(stack)
    end(left)
    return ran or bool(left)


def _refuse_where_it_cannot_run(stack: Stack) -> None:
    free = shutil.disk_usage(stack.directory).free // 2**20
    if free < FREE_MB:
        raise TandemError(
            f"{stack.directory}: {free} MB are free on this disk: expected at least {FREE_MB} MB"
        )
    taken = [p for p in runnable(stack) if not port_is_free(p.address, p.port)]
    if taken:
        raise TandemError(
            "\n".join(
                f"{p.address}:{p.port}, for {p.name}, is taken{_by_whom(p.port)}:"
                f" stop that program, or set another port: {p.option}"
                for p in taken
            )
        )


def _by_whom(port: int) -> str:
    try:
        owner = next(
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
        )
        return f" by {psutil.Process(owner).name()} (pid {owner})" if owner else ""
    except (psutil.Error, StopIteration):
        return ""


def _wait_for(program: Program, stack: Stack) -> None:
    if not wait_until(lambda: verdict(program)[0], _START_SECONDS):
        raise TandemError(
            f"{program.name} is not ready after {_START_SECONDS} s ({verdict(program)[1]}):"
            f" see {stack.var}/log/{program.name}-console.log"
        )


@contextmanager
def _step(console: Console, doing: str) -> Iterator[None]:
    start = monotonic()
    with console.status(f"{doing} …"):
        yield
    if (took := monotonic() - start) > 0.5 or os.environ.get("CI"):
        console.print(f"{doing}: {took:.1f} s", highlight=False)
