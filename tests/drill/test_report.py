"""What a drill says of itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.drill.editors import Verdict, Work
from tandem.drill.plot import draw
from tandem.drill.report import Report
from tandem.drill.timeline import Event
from tandem.failover.visitors import Seen
from tandem.rollout.visiting import Visit

WELL = Visit(200, 0.1)
REPORT = Report(
    cluster="example",
    fault="poweroff-active",
    says="master, which serves, loses its power",
    began=1_800_000_000.0,
    served_after=21.5,
    well_after=80.0,
    seen={
        "cached": Seen([(-1.0, WELL), (0.5, WELL), (1.0, WELL)]),
        "uncached": Seen([(-1.0, WELL), (0.5, Visit(0, 30.0, "no answer")), (20.0, WELL)]),
    },
    work=(Work("editor-0-0", -1.0, 0.2, 201), Work("editor-0-1", 0.1, 30.0, 0)),
    verdict=Verdict(1, 1, (), ()),
    timeline=(Event(10.2, "detected: master", "slave"), Event(12.0, "fenced: master", "slave")),
    both_wrote=(),
    amiss=(),
)


def test_a_drill_in_which_nothing_was_lost_has_no_failures() -> None:
    assert REPORT.failures == ()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (replace(REPORT, verdict=Verdict(2, 0, ("a", "b"), ())), "2 acknowledged and lost: a, b"),
        (replace(REPORT, verdict=Verdict(2, 0, (), ("a",))), "1 there twice: a"),
        (
            replace(REPORT, verdict=Verdict(2, 0, known=False)),
            "whether 2 acknowledged are there is not known",
        ),
        (replace(REPORT, both_wrote=("both",)), "both"),
        (replace(REPORT, served_after=None), "the site did not come back"),
        (replace(REPORT, amiss=("slave: no answer",)), "amiss: slave: no answer"),
    ],
)
def test_what_must_not_be_is_a_failure(changed: Report, says: str) -> None:
    assert changed.failures == (says,)


def test_the_first_good_answer_ends_the_gap() -> None:
    assert REPORT.first_good == pytest.approx(20.1)


def test_without_a_gap_there_is_no_first_good_answer() -> None:
    assert replace(REPORT, seen={"uncached": Seen([(0.0, WELL), (0.5, WELL)])}).first_good is None


def test_what_happened_is_told_in_its_order() -> None:
    told = [line.strip() for line in REPORT.lines() if line.startswith(" ")]
    assert told == [
        "10.2 s  detected: master  (slave)",
        "12.0 s  fenced: master  (slave)",
        "20.1 s  the first good answer",
        "21.5 s  an editor's work is taken",
        "80.0 s  all is well",
    ]


def test_it_is_kept_with_every_visit(tmp_path: Path) -> None:
    REPORT.keep(tmp_path / "kept")
    kept = json.loads((tmp_path / "kept/report.json").read_text())
    assert kept["seen"]["uncached"][1] == [0.5, 30.0, 0, "no answer"]
    assert kept["first_good"] == pytest.approx(20.1)
    assert "all is well" in (tmp_path / "kept/report.txt").read_text()


def test_it_is_drawn(tmp_path: Path) -> None:
    draw(REPORT, tmp_path / "latency.png")
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")
