"""Why a machine came to serve, by what the pair has noted."""

import json
from pathlib import Path

import pytest

from tandem.drill.history import Kept, Takeover, kept_drills, takeovers
from tandem.drill.timeline import Event
from tandem.errors import TandemError

DRILL = Kept("20270115-080000-poweroff-active", 990, 1100, {})


def promoted(at: float, volume: str = "zeoserver") -> Event:
    return Event(at, f"promoted: {volume}", "slave")


def test_volumes_that_become_primary_together_are_one_takeover() -> None:
    (one,) = takeovers((promoted(1000), promoted(1003, "frontend")), ())
    assert one == Takeover(1000, "slave", "it was given it, or started first")


def test_a_machine_that_died_before_and_was_fenced_is_why() -> None:
    events = (
        Event(995, "detected: master", "slave"),
        Event(998, "fenced: master", "slave"),
        promoted(1000),
    )
    assert [one.why for one in takeovers(events, ())] == ["master was dead, and was fenced"]


def test_one_that_died_hours_before_is_not() -> None:
    events = (Event(10, "detected: master", "slave"), promoted(10_000))
    assert [one.why for one in takeovers(events, ())] == ["it was given it, or started first"]


def test_a_takeover_during_a_drill_is_the_drills() -> None:
    drilled, real = takeovers((promoted(1000), promoted(5000)), (DRILL,))
    assert (drilled.drill, real.drill) == (DRILL.name, "")


def test_drills_are_read_in_their_order(tmp_path: Path) -> None:
    for name, began in (("b", 1), ("a", 2)):
        (tmp_path / name).mkdir()
        kept = json.dumps({"began": began, "well_after": None})
        (tmp_path / name / "report.json").write_text(kept)
    assert [kept.name for kept in kept_drills(tmp_path)] == ["b", "a"]


def test_a_report_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/report.json").write_text("{")
    with pytest.raises(TandemError, match="is no report of a drill: remove it"):
        kept_drills(tmp_path)
