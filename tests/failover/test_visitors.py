"""What visitors saw who came while something moved."""

import time

import pytest

from tandem.failover import visitors as coming
from tandem.failover.visitors import Seen, visitors
from tandem.rollout.visiting import Visit
from tests.rollout.test_visiting import here, server


def test_of_some_who_waited_and_one_who_left_all_is_counted() -> None:
    well, late, gone = Visit(200, 0.1), Visit(200, 9.0), Visit(0, 30.0, "no answer")
    seen = Seen([(0.0, well), (0.5, gone), (1.0, late), (10.5, well)])
    assert seen.failed == 1
    assert seen.longest == 30.0
    assert seen.away == pytest.approx(9.9)
    assert seen.report() == (
        "4 visits, 1 failed; for 9.9 s nobody was answered, and one waited for 30.0 s"
    )


def test_an_error_page_is_no_answer() -> None:
    seen = Seen([(0.0, Visit(200, 0.0)), (0.5, Visit(503, 0.0)), (1.0, Visit(200, 0.0))])
    assert (seen.failed, seen.away) == (1, 1.0)


def test_of_nobody_nothing_is_said() -> None:
    assert (Seen(()).failed, Seen(()).longest, Seen(()).away) == (0, 0.0, 0.0)


def test_they_come_for_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coming, "_EVERY", 0.05)
    with server() as port, visitors(here(port, "www.example.org")) as came:
        time.sleep(1)
    assert len(came.seen.visits) > 5
    assert came.seen.failed == 0


def test_who_finds_nobody_is_counted_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coming, "_EVERY", 0.05)
    with server() as port, visitors(here(port, "other.example.org")) as came:
        time.sleep(0.5)
    assert came.seen.failed == len(came.seen.visits) > 0
