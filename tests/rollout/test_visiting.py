"""The sites as a visitor finds them, at a server of this computer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Interface

import pytest

from tandem.model import Cluster, Site
from tandem.rollout import visiting
from tandem.rollout.visiting import visits
from tests.examples import example
from tests.ports import free_ports


class Answering(BaseHTTPRequestHandler):
    """Answers 200 to one host, 503 to all others."""

    def do_GET(self) -> None:
        well = self.headers["Host"] == "www.example.org"
        self.send_response(200 if well else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def here(port: int, *hosts: str) -> Cluster:
    cluster = example("cluster")
    return replace(
        cluster,
        floating_ip=IPv4Interface("127.0.0.1/8"),
        ports=replace(cluster.ports, frontend=port),
        sites=tuple(Site(host, "/Plone") for host in hosts),
    )


@contextmanager
def server() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running.server_address[1]
        running.shutdown()
        thread.join()


def test_each_site_is_asked_for_by_its_name() -> None:
    with server() as port:
        found = visits(here(port, "www.example.org", "other.example.org"))
    assert {host: visit.status for host, visit in found.items()} == {
        "www.example.org": 200,
        "other.example.org": 503,
    }
    assert all(0 < visit.seconds < 5 for visit in found.values())


def test_all_sites_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sites = [f"site{number}.example.org" for number in range(40)]
    all_there = threading.Barrier(len(sites), timeout=20)

    def wait(answering: Answering) -> None:
        all_there.wait()
        answering.send_response(200)
        answering.end_headers()

    monkeypatch.setattr(visiting, "_TIMEOUT", 20)
    monkeypatch.setattr(Answering, "do_GET", wait)
    with server() as port:
        found = visits(here(port, *sites))
    assert [visit.status for visit in found.values()] == [200] * len(sites)


def test_a_port_on_which_nobody_listens_is_said() -> None:
    found = visits(here(free_ports()[0], "www.example.org"))
    assert "refused" in found["www.example.org"].error


def test_whoever_hangs_up_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=lambda: listening.accept()[0].close()).start()
        found = visits(here(listening.getsockname()[1], "www.example.org"))
    assert found["www.example.org"].error
