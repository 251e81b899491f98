import concurrent.futures
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.asking import request
from tests.frontend.stack import Frontend, eventually, running

BODY = b"x" * 200_000  # bytes; more than any buffer on the way
CHECKS = 3  # of a client that is ready; the waiting room makes ten a second


@pytest.fixture
def out(frontend: Frontend) -> Frontend:
    """A frontend none of whose clients is ready."""
    for backend in frontend.backends:
        backend.set(ready=0)
    eventually("no client is in use", lambda: frontend.in_use() == 0)
    return frontend


def send(frontend: Frontend, method: str) -> tuple[int, int, float]:
    content = BODY if method == "POST" else None
    answer = request(method, frontend.url + "/x", content=content, timeout=60)
    ended = time.monotonic()
    return answer.status_code, answer.json()["body"] if answer.is_success else 0, ended


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_requests_wait_until_a_client_is_ready(out: Frontend, method: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(100) as visitors:
        answers = [visitors.submit(send, out, method) for _ in range(100)]
        time.sleep(1.5)  # so that they have to wait
        assert not [answer for answer in answers if answer.done()]
        out.backends[1].set(ready=1)
        ready = time.monotonic()
        results = [answer.result() for answer in answers]
    body = len(BODY) if method == "POST" else 0
    assert Counter((status, sent) for status, sent, _ in results) == {(200, body): 100}
    assert max(ended for *_, ended in results) - ready < 2


def test_waiting_requests_go_on_as_soon_as_a_client_says_that_it_is_ready(out: Frontend) -> None:
    with concurrent.futures.ThreadPoolExecutor(100) as visitors:
        answers = [visitors.submit(out.get, "/x") for _ in range(100)]
        time.sleep(1.5)  # so that they have to wait
        out.backends[1].set(ready=1)
        results = [answer.result().json() for answer in answers]
    # Seconds would measure the computer, which other tests are using.
    assert max(result["checks"] for result in results) <= CHECKS


def test_held_requests_leave_threads_for_others(out: Frontend) -> None:
    with concurrent.futures.ThreadPoolExecutor(100) as visitors:
        for _ in range(100):
            visitors.submit(send, out, "GET")
        eventually("all are held", lambda: out.get("/.tandem/status?auto").text.count("W") >= 100)
        start = time.monotonic()
        assert out.get("/.tandem/status").status_code == 200
        assert time.monotonic() - start < 0.5
        out.backends[0].set(ready=1)


def test_a_restart_of_the_database_fails_no_request(frontend: Frontend) -> None:
    over = threading.Event()

    def load() -> Counter[int]:
        seen: Counter[int] = Counter()
        with httpx.Client(timeout=60) as visitor:
            while not over.is_set():
                seen[visitor.get(frontend.url + "/x?seconds=0.02").status_code] += 1
        return seen

    with concurrent.futures.ThreadPoolExecutor(20) as visitors:
        counts = [visitors.submit(load) for _ in range(20)]
        time.sleep(0.5)
        for backend in frontend.backends:
            backend.set(ready=0)
        time.sleep(2.5)  # the outage
        for backend in frontend.backends:
            backend.set(ready=1)
        time.sleep(1.5)
        over.set()
        total = sum((count.result() for count in counts), Counter())
    assert set(total) == {200}


def test_all_clients_are_killed_and_one_comes_back(frontend: Frontend) -> None:
    for backend in frontend.backends:
        backend.kill()
    with concurrent.futures.ThreadPoolExecutor(50) as visitors:
        answers = [visitors.submit(send, frontend, "POST") for _ in range(50)]
        time.sleep(3)  # the outage
        frontend.backends[0].start()
        statuses = Counter(answer.result()[0] for answer in answers)
    assert statuses == {200: 50}


def test_a_held_request_makes_no_cookie_for_the_waiting_room(out: Frontend) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as visitors:
        answer = visitors.submit(out.get, "/x", headers={"Cookie": "__ac=abc"})
        time.sleep(0.5)
        out.backends[0].set(ready=1)
        assert "Set-Cookie" not in answer.result().headers


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontend]:
    with running(tmp_path_factory.mktemp("impatient"), hold=1.0, clients=1) as frontend:
        frontend.backends[0].kill()
        eventually("no client is in use", lambda: frontend.in_use() == 0)
        yield frontend


def test_when_the_time_is_up_the_visitor_sees_a_friendly_page(impatient: Frontend) -> None:
    start = time.monotonic()
    answer = impatient.get("/x")
    assert 0.9 < time.monotonic() - start < 2
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.isascii()
    assert "Back in a moment" in answer.text
    assert "src=" not in answer.text
    assert "href=" not in answer.text


def test_without_holding_the_page_comes_at_once(tmp_path: Path) -> None:
    with running(tmp_path, hold=0.0, clients=1) as frontend:
        frontend.backends[0].kill()
        start = time.monotonic()
        assert frontend.get("/x").status_code == 503
        assert time.monotonic() - start < 0.5
