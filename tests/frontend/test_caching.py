import concurrent.futures
import time
from urllib.parse import urlencode

import httpx
import pytest

from tests.frontend.stack import Frontend, eventually

_names = iter(range(1_000_000))


def page(*headers: str, **query: str) -> str:
    """A new page, which the clients serve with these headers."""
    lines = [("header", line) for line in headers]
    return f"/page{next(_names)}?" + urlencode([*lines, *query.items()])


def fresh(seconds: int = 60, *headers: str) -> str:
    return page(f"Cache-Control: max-age=0, s-maxage={seconds}, must-revalidate", *headers)


def state(answer: httpx.Response) -> str:
    return answer.headers["X-Cache"].split()[0]


def states(frontend: Frontend, path: str, *requests: dict[str, str]) -> list[str]:
    """The cache's word on each of these requests, of which only the headers are given."""
    return [state(frontend.get(path, headers=headers)) for headers in requests]


def count(answer: httpx.Response) -> int:
    """Which of its client's requests this answer was made for."""
    number: int = answer.json()["count"]
    return number


def test_an_anonymous_page_is_served_from_disk(caching: Frontend) -> None:
    path = fresh()
    first, second = caching.get(path), caching.get(path)
    assert (state(first), state(second)) == ("MISS", "HIT")
    assert first.text == second.text


@pytest.mark.parametrize(
    "login", [{"Cookie": '__ac="abc"'}, {"Cookie": "a=b; __ac=x"}, {"Authorization": "Basic eDp5"}]
)
def test_a_logged_in_visitor_never_gets_a_cached_page_nor_leaves_one(
    caching: Frontend, login: dict[str, str]
) -> None:
    path = fresh()
    mine = [caching.get(path, headers=login) for _ in range(2)]
    assert all("X-Cache" not in answer.headers or state(answer) == "MISS" for answer in mine)
    assert state(caching.get(path)) == "MISS"
    assert state(caching.get(path)) == "HIT"
    again = caching.get(path, headers=login)
    assert again.json()["headers"].get("Cookie") == login.get("Cookie")


def test_other_cookies_do_not_matter(caching: Frontend) -> None:
    assert states(caching, fresh(), {"Cookie": "a=1"}, {"Cookie": "b=2"}) == ["MISS", "HIT"]


def test_a_visitors_reload_does_not_reach_the_clients(caching: Frontend) -> None:
    reload = {"Cache-Control": "no-cache", "Pragma": "no-cache"}
    assert states(caching, fresh(), {}, reload) == ["MISS", "HIT"]


def test_what_sets_a_cookie_is_not_kept(caching: Frontend) -> None:
    path = fresh(60, "Set-Cookie: basket=1")
    answers = [caching.get(path) for _ in range(2)]
    assert [state(answer) for answer in answers] == ["MISS", "MISS"]
    assert all(answer.cookies["basket"] == "1" for answer in answers)


@pytest.mark.parametrize("directive", ["private, s-maxage=60", "no-store", "no-cache"])
def test_what_plone_keeps_private_is_not_kept(caching: Frontend, directive: str) -> None:
    assert states(caching, page(f"Cache-Control: {directive}"), {}, {}) == ["MISS", "MISS"]


@pytest.mark.parametrize("status", ["401 No", "404 Not Found", "302 Found", "500 Error"])
def test_errors_and_redirects_are_not_kept_even_if_plone_calls_them_fresh(
    caching: Frontend, status: str
) -> None:
    assert states(caching, fresh() + "&" + urlencode({"status": status}), {}, {}) == ["MISS"] * 2


@pytest.mark.parametrize(
    "mine",
    [{"Cookie": "statusmessages=x"}, {"Cookie": "_ZopeId=x"}, {"Accept": "application/json"}],
)
def test_what_is_made_for_one_visitor_is_neither_kept_nor_taken_from_the_cache(
    caching: Frontend, mine: dict[str, str]
) -> None:
    path = fresh()
    first = caching.get(path, headers=mine)
    assert states(caching, path, {}, {}) == ["MISS", "HIT"]
    assert count(caching.get(path, headers=mine)) > count(first)


def test_pages_without_freshness_are_not_kept(caching: Frontend) -> None:
    assert states(caching, page(), {}, {}) == ["MISS", "MISS"]


def test_each_host_and_each_query_has_a_page_of_its_own(caching: Frontend) -> None:
    path = fresh()
    hosts = [{}, {"Host": "www.example.org"}, {"Host": "two.example.org"}]
    assert states(caching, path, *hosts) == ["MISS"] * 3
    assert states(caching, path + "&other=1", {}) == ["MISS"]
    assert states(caching, path, *hosts) == ["HIT"] * 3


def test_each_language_has_a_page_of_its_own_where_plone_says_so(caching: Frontend) -> None:
    path = fresh(60, "Vary: Accept-Language")
    german, english = {"Accept-Language": "de"}, {"Accept-Language": "en"}
    assert states(caching, path, german, english, german, english) == ["MISS"] * 2 + ["HIT"] * 2


def test_compressed_and_plain_do_not_mix(caching: Frontend) -> None:
    path = fresh()
    gzip, plain = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}
    for headers in (gzip, plain, gzip, plain):
        answer = caching.get(path, headers=headers)
        assert answer.headers.get("Content-Encoding") == ("gzip" if headers is gzip else None)
        assert answer.json()["client"]


def test_a_page_is_revalidated_when_it_is_no_longer_fresh(caching: Frontend) -> None:
    path = fresh(3, 'ETag: "one"')
    first = caching.get(path)
    time.sleep(4.1)  # HTTP counts freshness in whole seconds
    again = caching.get(path)
    assert state(again) in {"REVALIDATE", "HIT"}
    assert count(again) == count(first)
    asked = sum(path in line for backend in caching.backends for line in backend.seen)
    assert asked == 2
    assert state(caching.get(path)) == "HIT"


def test_a_visitor_who_has_the_page_is_told_so_by_the_cache(caching: Frontend) -> None:
    path = fresh(60, 'ETag: "one"')
    caching.get(path)
    answer = caching.get(path, headers={"If-None-Match": '"one"'})
    assert (answer.status_code, state(answer)) == (304, "HIT")


def test_head_and_a_part_of_a_page_come_from_the_cache(caching: Frontend) -> None:
    path = fresh()
    whole = caching.get(path, headers={"Accept-Encoding": "identity"})
    head = httpx.head(caching.url + path, headers={"Accept-Encoding": "identity"})
    assert head.status_code == 200
    part = caching.get(path, headers={"Range": "bytes=0-9", "Accept-Encoding": "identity"})
    assert (part.status_code, part.text) == (206, whole.text[:10])


def test_browsers_are_told_to_ask_again(caching: Frontend) -> None:
    assert "max-age=0" in caching.get(fresh()).headers["Cache-Control"]


def stale(frontend: Frontend, *headers: str) -> tuple[str, httpx.Response]:
    """A page that the cache has, no longer fresh, and no client ready."""
    path = fresh(1, *headers)
    first = frontend.get(path)
    for backend in frontend.backends:
        backend.set(ready=0)
    eventually("no client is in use", lambda: frontend.in_use() == 0)
    time.sleep(2.1)  # HTTP counts freshness in whole seconds
    return path, first


@pytest.mark.parametrize("validator", ['ETag: "x"', "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"])
def test_while_no_client_is_ready_a_stale_page_is_served_at_once(
    caching: Frontend, validator: str
) -> None:
    path, first = stale(caching, validator)
    with concurrent.futures.ThreadPoolExecutor(20) as visitors:
        start = time.monotonic()
        answers = list(visitors.map(caching.get, [path] * 20))
    assert time.monotonic() - start < 2
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.text for answer in answers} == {first.text}


def test_a_stale_page_is_served_when_all_clients_are_dead(caching: Frontend) -> None:
    path, first = stale(caching, 'ETag: "x"')
    for backend in caching.backends:
        backend.kill()
    answer = caching.get(path)
    assert (answer.status_code, answer.text) == (200, first.text)


def test_what_is_not_in_the_cache_waits_for_a_client(caching: Frontend) -> None:
    stale(caching)
    with concurrent.futures.ThreadPoolExecutor(3) as visitors:
        waiting = [
            visitors.submit(caching.get, page(), headers=headers)
            for headers in ({}, {"If-None-Match": '"mine"'}, {"Cookie": "__ac=x"})
        ]
        time.sleep(1)
        assert not any(answer.done() for answer in waiting)
        caching.backends[0].set(ready=1)
        assert {answer.result().status_code for answer in waiting} == {200}
