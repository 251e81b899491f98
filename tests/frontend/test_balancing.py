import concurrent.futures
from collections import Counter

import httpx
import pytest

from tests.asking import request
from tests.frontend.stack import Backend, Frontend, eventually

LOGGED_IN = [{"Cookie": '__ac="abc"'}, {"Cookie": "a=b; __ac=abc"}, {"Authorization": "Basic eDp5"}]


def clients_of(frontend: Frontend, number: int, **options: object) -> Counter[str]:
    answers = [frontend.get("/x", **options) for _ in range(number)]
    assert {answer.status_code for answer in answers} == {200}
    return Counter(answer.headers["X-Client"] for answer in answers)


def route_of(answer: httpx.Response) -> str | None:
    return answer.cookies.get("tandem-route")


@pytest.mark.parametrize("headers", LOGGED_IN)
def test_a_logged_in_visitor_stays_at_one_client(
    frontend: Frontend, headers: dict[str, str]
) -> None:
    route = route_of(frontend.get("/x", headers=headers))
    assert route
    cookies = f"{headers.get('Cookie', 'x=y')}; tandem-route={route}"
    seen = clients_of(frontend, 20, headers={**headers, "Cookie": cookies})
    assert list(seen) == [route.removeprefix(".")]


def test_a_visitor_who_has_a_route_gets_it_only_once(frontend: Frontend) -> None:
    route = route_of(frontend.get("/x", headers={"Cookie": "__ac=abc"}))
    again = frontend.get("/x", headers={"Cookie": f"__ac=abc; tandem-route={route}"})
    assert route_of(again) is None


def test_an_anonymous_visitor_gets_no_cookie(frontend: Frontend) -> None:
    assert "Set-Cookie" not in frontend.get("/x").headers


@pytest.mark.parametrize("cookie", ["__ac=", '__ac=""', "my__ac=abc", "other=__ac=1"])
def test_only_a_login_counts_as_one(frontend: Frontend, cookie: str) -> None:
    assert "Set-Cookie" not in frontend.get("/x", headers={"Cookie": cookie}).headers


def test_a_left_over_route_binds_no_anonymous_visitor(frontend: Frontend) -> None:
    def visit(_: int) -> str:
        cookie = f"a=b; tandem-route=.{frontend.backends[0].name}; c=d"
        client: str = frontend.get("/x?seconds=0.5", headers={"Cookie": cookie}).json()["client"]
        return client

    with concurrent.futures.ThreadPoolExecutor(8) as visitors:
        assert len(set(visitors.map(visit, range(8)))) == 2


def test_only_the_route_is_taken_from_a_visitors_cookies(frontend: Frontend) -> None:
    for sent, expected in (
        ("a=b; tandem-route=.x; c=d", "a=b; c=d"),
        ("tandem-route=.x; c=d", "c=d"),
        ("a=b; tandem-route=.x", "a=b"),
        ("a=b", "a=b"),
        ("tandem-route=.x", None),
    ):
        arrived = frontend.get("/x", headers={"Cookie": sent}).json()
        assert arrived["headers"].get("Cookie") == expected


def test_a_logged_in_visitors_client_dies_and_another_takes_over(frontend: Frontend) -> None:
    route = route_of(frontend.get("/x", headers={"Cookie": "__ac=abc"}))
    assert route
    dead = next(backend for backend in frontend.backends if "." + backend.name == route)
    dead.kill()
    answer = frontend.get("/x", headers={"Cookie": f"__ac=abc; tandem-route={route}"})
    assert answer.status_code == 200
    assert route_of(answer) not in {None, route}


def test_requests_go_to_the_client_with_the_fewest(frontend: Frontend) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as visitors:
        slow = list(visitors.map(frontend.get, ["/x?seconds=0.5"] * 8))
    assert Counter(answer.headers["X-Client"] for answer in slow).most_common()[0][1] <= 5


def only(backend: Backend, frontend: Frontend) -> bool:
    return set(clients_of(frontend, 6)) == {backend.name}


def test_a_client_that_is_not_ready_is_out_within_two_seconds_and_back_within_two(
    frontend: Frontend,
) -> None:
    first, second = frontend.backends
    first.set(ready=0)
    eventually("it gets no requests", lambda: only(second, frontend), seconds=2)
    first.set(ready=1)
    eventually("it gets requests again", lambda: not only(second, frontend), seconds=2)


def test_a_dead_client_costs_no_request_and_comes_back_by_itself(frontend: Frontend) -> None:
    first, second = frontend.backends
    first.kill()
    assert only(second, frontend)
    first.start()
    eventually("it gets requests again", lambda: not only(second, frontend), seconds=3)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_not_yet_sent_is_given_to_another_client(frontend: Frontend, method: str) -> None:
    first, second = frontend.backends
    first.kill()
    content = b"x" * 300_000 if method == "POST" else None
    for _ in range(6):
        answer = request(method, frontend.url + "/x", content=content)
        assert answer.status_code == 200
        assert answer.headers["X-Client"] == second.name
        assert answer.json()["body"] == len(content or b"")


def test_a_client_that_hangs_is_out_and_does_not_delay_the_check_of_others(
    frontend: Frontend,
) -> None:
    first, second = frontend.backends
    first.stop()
    eventually("it is out", lambda: frontend.in_use() == 1, seconds=4)
    second.set(ready=0)
    eventually("the other is out", lambda: frontend.in_use() == 0, seconds=2)
    second.set(ready=1)
    eventually("the other is back", lambda: frontend.in_use() == 1, seconds=2)
    first.go_on()
    eventually("it is back", lambda: frontend.in_use() == 2, seconds=4)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_request_that_a_client_died_over_is_not_sent_again(
    frontend: Frontend, method: str
) -> None:
    answer = request(method, frontend.url + "/x?die=1")
    assert answer.status_code == 502
    assert "No answer" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    first, second = frontend.backends
    eventually("it is dead", lambda: not (first.alive and second.alive))
    assert first.alive or second.alive


def test_a_client_may_take_longer_than_a_health_check(frontend: Frontend) -> None:
    assert frontend.get("/x?seconds=2").status_code == 200


def test_plones_own_error_pages_pass(frontend: Frontend) -> None:
    for status in (404, 403, 500):
        answer = frontend.get(f"/x?status={status} X")
        assert answer.status_code == status
        assert answer.json()["client"]
    assert frontend.get("/x").status_code == 200
