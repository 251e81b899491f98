"""The visitors of a lab's tests, at a server of this computer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.lab.load import Visit, ask
from tests.lab.visitors import asking, coming
from tests.ports import free_ports

Answers = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """As many may come at once as like."""

    request_queue_size = 1000


@contextmanager
def server(answers: Answers) -> Iterator[int]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with Server(("127.0.0.1", 0), Answering) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


def well(answering: BaseHTTPRequestHandler, after: float = 0.0) -> None:
    time.sleep(after)
    answering.send_response(200)
    answering.end_headers()


def command(port: int, how: str, many: float, patience: float = 30.0) -> tuple[str, ...]:
    return asking("127.0.0.1", port, "www.example.org", how, many, patience)


def test_they_come_at_a_steady_rate_however_slow_the_answers_are() -> None:
    with (
        server(lambda one: well(one, after=1.0)) as port,
        coming(command(port, "steady", 50)) as visits,
    ):
        time.sleep(2)
    assert 48 <= visits.rate <= 52
    assert visits.failed == []
    assert min(seconds for _, seconds in visits.answers) >= 1


def test_those_who_are_not_answered_at_the_end_wait_for_it() -> None:
    with (
        server(lambda one: well(one, after=3.0)) as port,
        coming(command(port, "steady", 50)) as visits,
    ):
        time.sleep(1.5)
    assert visits.answers
    assert visits.failed == []


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(5)


def dripping(answering: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        for _ in range(50):
            answering.wfile.write(b"H")
            time.sleep(0.1)


@pytest.mark.parametrize("answers", [silent, dripping])
def test_those_who_are_never_answered_have_failed(answers: Answers) -> None:
    with (
        server(answers) as port,
        coming(command(port, "steady", 50, patience=1.0)) as visits,
    ):
        time.sleep(1.5)
    assert visits.answers
    assert visits.failed == visits.answers


def wrong(answering: BaseHTTPRequestHandler) -> None:
    answering.send_response(503)
    answering.end_headers()


def cut(answering: BaseHTTPRequestHandler) -> None:
    answering.send_response(200)
    answering.send_header("Content-Length", "1000")
    answering.end_headers()


def gone(answering: BaseHTTPRequestHandler) -> None:
    answering.close_connection = True


@pytest.mark.parametrize(
    ("answers", "why"), [(wrong, "503"), (cut, "IncompleteRead"), (gone, "RemoteDisconnected")]
)
def test_no_whole_good_answer_is_a_failure(answers: Answers, why: str) -> None:
    with server(answers) as port, coming(command(port, "steady", 20)) as visits:
        time.sleep(1.5)
    assert visits.failed == visits.answers
    assert {said[: len(why)] for said, _ in visits.answers} == {why}


def test_nobody_there_is_a_failure_and_none_is_lost() -> None:
    # What is said of them is more than a pipe holds.
    with coming(command(free_ports()[0], "steady", 1_000)) as visits:
        time.sleep(3)
    assert visits.failed == visits.answers
    assert sum(len(said) for said, _ in visits.answers) > 65_536
    assert visits.rate > 900


def test_an_answer_is_as_late_as_it_is_after_the_visit_was_due() -> None:
    visit = Visit(time.monotonic() - 5, ("", 0.0))
    with server(well) as port:
        ask(visit, address="127.0.0.1", port=port, host="www.example.org", patience=30)
    assert visit.answer[0] == "200"
    assert visit.answer[1] > 5


def test_visitors_who_come_again_wait_for_their_answers() -> None:
    with (
        server(lambda one: well(one, after=0.1)) as port,
        coming(command(port, "closed", 4)) as visits,
    ):
        time.sleep(2)
    assert 4 < visits.rate < 45
