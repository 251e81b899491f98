"""The WSGI server of a Zope client, for ``[server:main]`` in ``wsgi.ini``.

It is plone.recipe.zope2instance's server (waitress, all its options, ``fast-listen``) with one
thread more: requests for the readiness address have a lane of their own, so that they are
answered while every worker thread waits for the database. And it ends in good order at SIGTERM.
"""

import os
import signal
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from wsgiref.types import WSGIApplication

import Zope2
from plone.recipe.zope2instance import ctl
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

from tandem.model import READY_PATH
from tandem.zeoclient import readiness
from tandem.zeoclient.draining import Drain, works_on
from tandem.zeoclient.probe import Probe, Storage
from tandem.zeoclient.warming import PAGES, Warming, pages_in


class Request(Protocol):
    """What is asked of a waitress request; a malformed one has an error and maybe no path."""

    error: object | None
    path: str


class Channel(Protocol):
    """One connection of waitress, with the requests on it that are still to be answered."""

    requests: list[Request]


class Lanes:
    """waitress's task dispatcher with a second, one-thread lane for the readiness address.

    waitress hands in a connection once for each of its requests, always to serve the first one,
    so a connection may change lanes and its answers still keep their order.
    """

    def __init__(self, threads: int) -> None:
        self._workers = ThreadedTaskDispatcher()
        self._workers.set_thread_count(threads)
        self._readiness = ThreadedTaskDispatcher()
        self._readiness.set_thread_count(1)

    def add_task(self, channel: Channel) -> None:
        """Queue the channel's first request in its lane."""
        lane = self._readiness if _asks_readiness(channel) else self._workers
        lane.add_task(channel)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Stop both lanes' threads, within ``timeout`` seconds each."""
        self._readiness.shutdown(cancel_pending, timeout)
        return bool(self._workers.shutdown(cancel_pending, timeout))


def _asks_readiness(channel: Channel) -> bool:
    # Called under the channel's lock, but a shutdown empties the list without it.
    requests = channel.requests[:1]
    return bool(requests) and not requests[0].error and requests[0].path == READY_PATH


def zope_storages() -> Mapping[str, Storage]:
    """The storages of all databases that Zope has opened, by the databases' names."""
    return {name: database.storage for name, database in list(Zope2.DB.databases.items())}


def factory(global_conf: dict[str, str], **options: str) -> Callable[[WSGIApplication], int]:
    """A ``paste.server_factory``. Options: those of plone.recipe.zope2instance's own server."""
    connections: dict[int, object] = {}
    drain = Drain(lambda: any(map(_works, list(connections.values()))))

    def create(app: WSGIApplication, **adjustments: object) -> object:
        lanes = Lanes(threads=Adjustments(**adjustments).threads)
        return create_server(app, map=connections, _dispatcher=lanes, **adjustments)

    serve: Callable[[WSGIApplication], int] = ctl.server_factory(
        global_conf, **{"paste.server_factory": "", **options}, _server=create
    )

    def serve_with_readiness(app: WSGIApplication) -> int:
        probe = Probe(zope_storages)
        probe.start()
        warming = Warming(app, pages_in(os.environ.get(PAGES, "")), probe.verdict)
        warming.start()
        signal.signal(signal.SIGTERM, drain.at_sigterm)

        def verdict() -> readiness.Verdict:
            return _LEAVING if drain.begun else warming.verdict()

        try:
            return serve(readiness.answered(app, verdict, drain.asked))
        finally:
            warming.stop()
            probe.stop()

    return serve_with_readiness


_LEAVING: Final = readiness.Verdict(ready=False, reason="leaving: it was told to end")


def _works(thing: object) -> bool:
    return isinstance(thing, HTTPChannel) and works_on(thing)
