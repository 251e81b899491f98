"""A load of visitors, as a program of its own: it runs in the network of a lab.

usage: load.py ADDRESS PORT HOST PATIENCE steady RATE | closed VISITORS
  PATIENCE  after how many seconds a visitor waits no longer
  steady    RATE requests are begun in a second, whether or not earlier ones were answered
  closed    each of so many VISITORS asks again once answered

It goes on until its standard input ends, and lets what is asked by then be answered. Then it
prints, as JSON, for how many seconds it went on and what each visit was answered, and after how
many seconds: of a steady load since it was due, however late it was begun.
"""

import json
import resource
import select
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from time import monotonic
from typing import Final

_PAGE: Final = "/robots.txt"
"""Plone makes it anew for everyone, of what the site has in its registry, and soon."""


@dataclass
class Visit:
    """A request that was due at a time, and what it was answered after how many seconds."""

    due: float
    answer: tuple[str, float]


Asks = Callable[[Visit], None]


def ask(visit: Visit, *, address: str, port: int, host: str, patience: float) -> None:
    """Ask for the page once; the answer is the status, or what went wrong."""
    connection = HTTPConnection(address, port, timeout=patience)
    try:
        # A cookie, so that no cache answers.
        connection.request("GET", _PAGE, headers={"Host": host, "Cookie": "__ac=x"})
        answered = connection.getresponse()
        answered.read()
        said = str(answered.status)
    except (OSError, HTTPException) as error:
        said = repr(error)
    finally:
        connection.close()
    visit.answer = (said, monotonic() - visit.due)


class Load:
    """The visits so far, and the threads that wait for their answers."""

    def __init__(self, asks: Asks, patience: float) -> None:
        self.asks = asks
        self.patience = patience
        self.visits: list[Visit] = []
        self.threads: list[Thread] = []
        self.started = monotonic()

    def steady(self, rate: float) -> None:
        """Have so many requests begin in a second."""
        due = self.started
        while not _stopped(due - monotonic()):
            self._begin(partial(self.asks, self._visit(due)))
            due = self.started + len(self.visits) / rate

    def closed(self, visitors: int) -> None:
        """Have so many visitors come, and each come again."""
        over = Event()

        def come() -> None:
            while not over.is_set():
                self.asks(self._visit(monotonic()))

        for _ in range(visitors):
            self._begin(come)
        _stopped(None)
        over.set()

    def _visit(self, due: float) -> Visit:
        visit = Visit(due, ("no answer", self.patience))
        self.visits.append(visit)
        return visit

    def _begin(self, what: Callable[[], None]) -> None:
        self.threads.append(Thread(target=what, daemon=True))
        self.threads[-1].start()

    def ended(self) -> Iterable[tuple[str, float]]:
        """The answers, once all are there or nobody waits any longer."""
        until = monotonic() + self.patience
        for thread in self.threads:
            thread.join(max(0.0, until - monotonic()))
        return [visit.answer for visit in self.visits]


def _stopped(within: float | None) -> bool:
    """Wait so many seconds, or for ever, for the end of standard input; whether it was there."""
    return bool(select.select([sys.stdin], [], [], within and max(0.0, within))[0])


def main(address: str, port: str, host: str, patience: str, how: str, many: str) -> None:
    """Be the load."""
    # All that may hang at once.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    waits = float(patience)
    load = Load(partial(ask, address=address, port=int(port), host=host, patience=waits), waits)
    if how == "steady":
        load.steady(float(many))
    else:
        load.closed(int(many))
    seconds = monotonic() - load.started
    print(json.dumps({"seconds": seconds, "answers": list(load.ended())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
