"""Warming up: a client is not ready before it has made its pages, nor kept away by a bad one."""

import threading
import time
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from tandem.zeoclient import warming
from tandem.zeoclient.readiness import Verdict
from tandem.zeoclient.warming import Warming, pages_in

READY = Verdict(ready=True, reason="ready")
STARTING = Verdict(ready=False, reason="starting")


class Site:
    """A site whose pages are made once the test lets them be."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = 0
        self.goes_on = threading.Event()

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/broken":
            raise ZeroDivisionError
        self.goes_on.wait(10)
        respond("200 OK", [])
        return Page(self)


class Page(list[bytes]):
    def __init__(self, site: Site) -> None:
        super().__init__([b"a page"])
        self.site = site

    def close(self) -> None:
        self.site.closed += 1


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("text", "pages"),
    [("/one,/two", ("/one", "/two")), ("/one", ("/one",)), ("none", ()), ("", ())],
)
def test_pages_are_those_that_the_variable_names(text: str, pages: tuple[str, ...]) -> None:
    assert pages_in(text) == pages


def test_a_client_is_ready_when_it_has_made_its_pages() -> None:
    site = Site()
    client = Warming(site, ("/one", "/two"), lambda: READY)
    assert client.verdict() == Verdict(ready=False, reason="warming up: about to begin")
    client.start()
    eventually(lambda: site.asked == ["/one"])
    assert client.verdict() == Verdict(ready=False, reason="warming up: /one")
    site.goes_on.set()
    eventually(lambda: client.verdict().ready)
    assert (site.asked, site.closed) == (["/one", "/two"], 2)


def test_without_pages_it_is_ready_at_once() -> None:
    assert Warming(Site(), (), lambda: READY).verdict() == READY


def test_it_asks_for_none_before_the_databases_answer() -> None:
    site, said = Site(), [STARTING]
    client = Warming(site, ("/one",), lambda: said[-1])
    client.start()
    time.sleep(0.3)
    assert (site.asked, client.verdict()) == ([], STARTING)
    said.append(READY)
    eventually(lambda: site.asked == ["/one"])
    client.stop()
    site.goes_on.set()


def test_a_page_that_fails_keeps_nobody_away() -> None:
    site = Site()
    site.goes_on.set()
    client = Warming(site, ("/broken", "/two"), lambda: READY)
    client.start()
    eventually(lambda: client.verdict().ready)
    assert site.asked == ["/broken", "/two"]


def test_nor_does_one_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "LIMIT", 0.2)
    site = Site()
    client = Warming(site, ("/one",), lambda: READY)
    client.start()
    eventually(lambda: client.verdict().ready)
    site.goes_on.set()


def test_a_client_that_has_warmed_up_is_not_ready_while_the_databases_are_silent() -> None:
    site, said = Site(), [READY]
    site.goes_on.set()
    client = Warming(site, ("/one",), lambda: said[-1])
    client.start()
    eventually(lambda: client.verdict().ready)
    said.append(STARTING)
    assert client.verdict() == STARTING
