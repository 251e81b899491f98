"""Clients started anew one by one, under a steady load that no cache takes: nobody notices."""

import os
import signal
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, sleep

import httpx
import pytest

from tandem.model import READY_PATH
from tests.asking import get
from tests.e2e.running import Running

VISITORS = 4
SETTLED = 2.0
"""After how many seconds Apache has seen that a client is ready: two checks, and a second."""


@dataclass
class Visitors:
    """People who read a page that no cache keeps, one request after the other, none tried again."""

    stack: Running
    pause: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def visit_until(self, over: Event) -> None:
        with self.stack.api() as browser:
            while not over.is_set():
                start = monotonic()
                try:
                    answer = browser.get("/", timeout=30)
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                    continue
                if answer.status_code >= 500:
                    self.failed.append(f"{answer.status_code} {answer.text[:200]}")
                self.seconds.append(monotonic() - start)
                over.wait(self.pause)


def started_anew(stack: Running, name: str, url: str) -> None:
    """What `fab restart` does to a client, here with the stack's supervisord."""
    before = stack.rows()[name].pid
    os.kill(before, signal.SIGTERM)
    deadline = monotonic() + 90
    while stack.rows()[name].pid in (None, 0, before) or not ready(url):
        assert monotonic() < deadline, f"{name} is not back"
        sleep(0.2)
    sleep(SETTLED)


def ready(url: str) -> bool:
    try:
        return get(f"{url}{READY_PATH}").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("requests", [200, pytest.param(2_000, marks=pytest.mark.soak)])
def test_no_visitor_notices_that_all_clients_are_started_anew(
    stack: Running, requests: int
) -> None:
    visitors = Visitors(stack)
    over = Event()
    with ThreadPoolExecutor(VISITORS) as pool:
        # At half of what it can do just before, as a site has that is not at its end.
        measured = [pool.submit(visitors.visit_until, over) for _ in range(VISITORS)]
        sleep(5)
        over.set()
        for one in measured:
            one.result()
        visitors.pause = statistics.mean(visitors.seconds)
        visitors.seconds.clear()
        over = Event()
        loaded = [pool.submit(visitors.visit_until, over) for _ in range(VISITORS)]
        while len(visitors.seconds) < requests:
            for number, url in enumerate(stack.clients, start=1):
                started_anew(stack, f"zeoclient{number}", url)
        over.set()
        for one in loaded:
            one.result()
    assert visitors.failed == []
    stack.wait_until_well()
