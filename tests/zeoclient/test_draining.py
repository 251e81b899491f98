"""A real client that is told to end: what it finishes, and what it says meanwhile."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.zeoclient.processes import READY, Client, ZeoServer, until

# Balancers say nothing of themselves; people and monitors do.
BALANCER = f"GET {READY} HTTP/1.0\r\nHost: test\r\n\r\n".encode()
MONITOR = f"GET {READY} HTTP/1.0\r\nHost: test\r\nUser-Agent: monitor\r\n\r\n".encode()
BETWEEN = 2.0
"""Seconds between two questions of the balancer."""


@pytest.fixture
def leaving(tmp_path: Path, own_zeo: ZeoServer) -> Iterator[Client]:
    """A client for one test alone, which no balancer has asked yet."""
    client = Client(tmp_path / "client", own_zeo.database("main", "/"))
    client.start()
    until(lambda: asked(client, MONITOR) == 200, 10, "the client is ready")
    yield client
    client.kill()


def asked(client: Client, question: bytes) -> int:
    with client.send(question) as connection:
        return int(connection.recv(65536).split()[1])


def twice_asked(client: Client) -> None:
    assert asked(client, BALANCER) == 200
    time.sleep(BETWEEN)
    assert asked(client, BALANCER) == 200


def sigterm(client: Client) -> None:
    os.kill(client.pid, signal.SIGTERM)


def ended(client: Client) -> bool:
    assert client._process
    return client._process.poll() is not None


def test_a_client_that_nobody_asks_ends_at_once(leaving: Client) -> None:
    sigterm(leaving)
    assert until(lambda: ended(leaving), 10, "it ended") < 3


def test_a_client_tells_the_balancer_before_it_ends(leaving: Client) -> None:
    twice_asked(leaving)
    sigterm(leaving)
    time.sleep(2)
    assert not ended(leaving)
    assert asked(leaving, BALANCER) == 503
    until(lambda: ended(leaving), 5, "it ended")


def test_a_balancer_that_asks_no_more_is_not_waited_for(leaving: Client) -> None:
    twice_asked(leaving)
    sigterm(leaving)
    assert until(lambda: ended(leaving), 20, "it ended") < 2 * BETWEEN + 3


def test_a_monitor_is_not_taken_for_the_balancer(leaving: Client) -> None:
    twice_asked(leaving)
    sigterm(leaving)
    for _ in range(5):
        assert asked(leaving, MONITOR) == 503
        time.sleep(0.3)
    assert not ended(leaving)


def test_a_request_is_finished_before_the_client_ends(leaving: Client, tmp_path: Path) -> None:
    release = tmp_path / "release"
    with leaving.send(f"GET /block{release} HTTP/1.0\r\n\r\n".encode()) as connection:
        twice_asked(leaving)
        sigterm(leaving)
        assert asked(leaving, BALANCER) == 503
        time.sleep(2)
        assert not ended(leaving)
        release.touch()
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.endswith(b"released")
    until(lambda: ended(leaving), 5, "it ended")


def test_an_upload_that_is_still_arriving_is_finished(leaving: Client) -> None:
    begin = b"POST /nowhere HTTP/1.0\r\nContent-Length: 10\r\n\r\n12345"
    with leaving.send(begin) as connection:
        time.sleep(0.3)
        sigterm(leaving)
        time.sleep(1)
        connection.sendall(b"67890")
        assert connection.recv(65536).startswith(b"HTTP/1.0 404")


def test_a_second_sigterm_ends_it_at_once(leaving: Client, tmp_path: Path) -> None:
    with leaving.send(f"GET /block{tmp_path}/never HTTP/1.0\r\n\r\n".encode()):
        time.sleep(0.3)
        sigterm(leaving)
        time.sleep(1)
        assert not ended(leaving)
        sigterm(leaving)
        # waitress waits 5 s for its threads.
        assert until(lambda: ended(leaving), 15, "it ended") < 8
