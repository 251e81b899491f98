"""Pages that a client makes before it is ready, so that no visitor waits for the first of each.

The first page of a site takes many times as long as the next: it loads templates, catalogs and the
objects that every page has.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.types import WSGIApplication, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

from tandem.zeoclient.readiness import Verdict

PAGES: Final = "TANDEM_WARM_UP"
"""The environment variable that has the pages' paths in Zope, with commas between them: the recipe
of the client takes words with a space between them for two variables."""

LIMIT: Final = 60.0
"""After how many seconds a client is ready however far it is: a slow page must not keep it away."""

_TICK: Final = 0.1

log = logging.getLogger(__name__)


def pages_in(text: str) -> tuple[str, ...]:
    """The pages that the variable's text names; ``none`` names none."""
    return tuple(word for word in text.split(",") if word.startswith("/"))


class Warming:
    """The warm-up of one client; ``verdict`` is its readiness but for that."""

    def __init__(
        self, app: WSGIApplication, pages: Iterable[str], verdict: Callable[[], Verdict]
    ) -> None:
        self._app = app
        self._pages = tuple(pages)
        self._verdict = verdict
        self._began: float | None = None
        self._page = ""
        self._done = not self._pages
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin, in a thread that never keeps the process alive."""
        if not self._done:
            threading.Thread(target=self._run, name="tandem-warm-up", daemon=True).start()

    def stop(self) -> None:
        """Ask for no further page."""
        self._stopped.set()

    def verdict(self) -> Verdict:
        """Whether the client is ready, and has warmed up."""
        found = self._verdict()
        if not found.ready or self._done or self._late():
            return found
        return Verdict(ready=False, reason=f"warming up: {self._page or 'about to begin'}")

    def _late(self) -> bool:
        return self._began is not None and time.monotonic() - self._began > LIMIT

    def _run(self) -> None:
        while not self._verdict().ready:
            if self._stopped.wait(_TICK):
                return
        self._began = time.monotonic()
        for page in self._pages:
            self._page = page
            if not self._stopped.is_set():
                _ask(self._app, page)
        self._done = True
        log.info("Warmed up in %.1f s: %s.", time.monotonic() - self._began, " ".join(self._pages))


def _ask(app: WSGIApplication, page: str) -> None:
    """Have the page made. Whatever comes of it, it is no reason to keep the client away."""
    environ: WSGIEnvironment = {"PATH_INFO": page, "HTTP_USER_AGENT": "tandem"}
    setup_testing_defaults(environ)
    try:
        parts = app(environ, _respond)
        try:
            for _ in parts:
                pass
        finally:
            if close := getattr(parts, "close", None):
                close()
    except Exception as fault:
        log.warning("Warming up: %s: %s: %s", page, type(fault).__name__, fault)


def _respond(*_: Any) -> Callable[[bytes], None]:
    return lambda _: None
