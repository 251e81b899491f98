"""Real Zope clients of real ZEO servers, asked over HTTP as a balancer does."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.zeoclient.processes import READY, Answer, Client, ZeoServer, until

NOTICED = 1.5
"""Seconds within which a lost server is noticed."""

BACK = 1.0
"""Seconds within which a client whose server is well again is ready."""

REQUEST = "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"


@contextmanager
def frozen(zeo: ZeoServer) -> Iterator[None]:
    """The server's connections stay open but nothing is answered."""
    zeo.freeze()
    try:
        yield
    finally:
        zeo.thaw()


@contextmanager
def busy(client: Client, directory: Path, requests: int) -> Iterator[list[socket.socket]]:
    """As many requests hold or wait for the client's worker threads."""
    release = directory / "release"
    with ExitStack() as stack:
        stack.callback(release.touch)
        request = REQUEST.format(path=f"/block{release}").encode()
        yield [stack.enter_context(client.send(request)) for _ in range(requests)]


def statuses(connection: socket.socket, count: int) -> list[int]:
    """Of the next ``count`` answers on a connection."""
    received, found = b"", list[int]()
    while len(found) < count:
        data = connection.recv(65536)
        assert data, f"closed after {received!r}"
        received += data
        found = [int(status) for status in re.findall(rb"HTTP/1\.\d (\d{3})", received)]
    return found


def times_asked(client: Client, times: int) -> list[Answer]:
    return [client.ask() for _ in range(times)]


def test_a_client_that_reads_from_zeo_is_ready(client: Client) -> None:
    answer = client.ask()
    assert (answer.status, answer.body) == (200, "ready\n")


def test_no_cache_may_keep_the_answer(client: Client) -> None:
    assert client.ask().headers["Cache-Control"] == "no-store"


def test_a_client_whose_zeo_froze_is_not_ready_and_says_why(client: Client, zeo: ZeoServer) -> None:
    with frozen(zeo):
        until(client.is_not_ready, NOTICED, "not ready")
        assert client.ask().body.startswith("database main has not answered for 1.")
    until(client.is_ready, BACK, "ready again")


def test_a_client_whose_zeo_died_is_not_ready_and_back_as_soon_as_it_is_started_again(
    client: Client, zeo: ZeoServer
) -> None:
    zeo.kill()
    until(client.is_not_ready, NOTICED, "not ready")
    zeo.start()
    until(client.is_ready, BACK, "ready again")


def test_every_check_is_answered_within_a_second_while_zeo_is_frozen(
    client: Client, zeo: ZeoServer
) -> None:
    with frozen(zeo):
        until(client.is_not_ready, NOTICED, "not ready")
        assert max(answer.seconds for answer in times_asked(client, 20)) < 1


def test_checks_are_answered_while_all_threads_and_100_more_requests_wait(
    client: Client, tmp_path: Path
) -> None:
    with busy(client, tmp_path, requests=102):
        assert {(answer.status, answer.seconds < 1) for answer in times_asked(client, 20)} == {
            (200, True)
        }


def test_a_busy_client_whose_zeo_froze_is_not_ready(
    client: Client, zeo: ZeoServer, tmp_path: Path
) -> None:
    with busy(client, tmp_path, requests=4), frozen(zeo):
        until(client.is_not_ready, NOTICED, "not ready")


def test_requests_that_waited_are_answered_after_the_checks(client: Client, tmp_path: Path) -> None:
    with busy(client, tmp_path, requests=3) as waiting:
        client.ask()
        (tmp_path / "release").touch()
        assert [statuses(connection, 1) for connection in waiting] == [[200]] * 3


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_any_method_that_a_balancer_uses_is_answered(
    client: Client, zeo: ZeoServer, method: str
) -> None:
    assert client.ask(method=method).status == 200
    with frozen(zeo):
        until(client.is_not_ready, NOTICED, "not ready")
        assert client.ask(method=method).status == 503


def test_a_head_request_gets_no_body(client: Client) -> None:
    with client.send(f"HEAD {READY} HTTP/1.0\r\n\r\n".encode()) as connection:
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.0 200")
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("path", [f"{READY}2", f"{READY}/x", f"/x{READY}", READY.upper()])
def test_a_path_that_is_only_alike_goes_to_zope(client: Client, path: str) -> None:
    assert client.ask(path).status == 404


@pytest.mark.parametrize("path", [f"{READY}2", f"{READY}/x"])
def test_a_path_that_is_only_alike_waits_for_a_worker(
    client: Client, tmp_path: Path, path: str
) -> None:
    request = REQUEST.format(path=path).encode()
    with busy(client, tmp_path, requests=2), client.send(request) as connection:
        client.ask()
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_query_does_not_hide_the_address(client: Client, tmp_path: Path) -> None:
    with busy(client, tmp_path, requests=2):
        assert client.ask(f"{READY}?from=balancer").status == 200


def test_a_malformed_request_is_refused_and_the_next_check_answered(client: Client) -> None:
    with client.send(f"GET {READY} HTTP/1.1\r\nBad header\r\n\r\n".encode()) as connection:
        assert statuses(connection, 1) == [400]
    assert client.ask().status == 200


def test_a_connection_is_kept_for_many_checks(client: Client) -> None:
    with client.send(b"") as connection:
        for _ in range(5):
            connection.sendall(REQUEST.format(path=READY).encode())
            assert statuses(connection, 1) == [200]


def test_pipelined_requests_are_answered_in_their_order(client: Client) -> None:
    paths = [READY, "/no-such-page", READY, READY, "/no-such-page"]
    requests = "".join(REQUEST.format(path=path) for path in paths).encode()
    with client.send(requests) as connection:
        assert statuses(connection, 5) == [200, 404, 200, 200, 404]


def test_a_check_behind_a_slow_request_on_its_connection_does_not_hold_up_others(
    client: Client, tmp_path: Path
) -> None:
    slow = REQUEST.format(path=f"/block{tmp_path}/release") + REQUEST.format(path=READY)
    with client.send(slow.encode()) as connection:
        assert client.ask().seconds < 1
        (tmp_path / "release").touch()
        assert statuses(connection, 2) == [200, 200]


def test_checks_are_not_written_to_the_access_log(client: Client) -> None:
    before = len(client.access_log.read_text())
    client.ask()
    client.ask("/a-page")
    until(lambda: "/a-page" in client.access_log.read_text()[before:], 2, "requests are logged")
    assert "tandem-ready" not in client.access_log.read_text()[before:]


def test_an_outage_is_written_to_the_event_log_with_its_length(
    client: Client, zeo: ZeoServer
) -> None:
    with frozen(zeo):
        until(client.is_not_ready, NOTICED, "not ready")
    until(client.is_ready, BACK, "ready again")
    assert "All databases answer again after 1." in client.event_log.read_text()


def test_a_client_needs_all_of_its_zeo_servers(tmp_path: Path) -> None:
    main, mounted = ZeoServer(tmp_path / "main"), ZeoServer(tmp_path / "mounted")
    databases = main.database("main", "/") + mounted.database("mounted", "/mounted")
    client = Client(tmp_path / "client", databases)
    try:
        main.start()
        mounted.start()
        client.start()
        until(client.is_ready, 2, "ready with both")
        with frozen(mounted):
            until(client.is_not_ready, NOTICED, "not ready with one")
            assert client.ask().body.startswith("database mounted ")
        until(client.is_ready, BACK, "ready again")
        main.kill()
        until(client.is_not_ready, NOTICED, "not ready without the main one")
    finally:
        client.kill()
        main.kill()
        mounted.kill()


def test_a_client_with_a_database_of_its_own_is_ready(tmp_path: Path) -> None:
    data = tmp_path / "Data.fs"
    client = Client(
        tmp_path / "client",
        f"<zodb_db main>\n<filestorage>\npath {data}\n</filestorage>\nmount-point /\n</zodb_db>",
    )
    try:
        client.start()
        until(client.is_ready, 2, "ready")
        time.sleep(1.2)  # longer than an answer counts
        assert client.is_ready()
    finally:
        client.kill()
