"""The fault matrix: under load, nothing acknowledged is lost, and two machines never write."""

import json

import pytest

from tandem.drill.faults import FAULTS, SWITCHOVER
from tandem.lab.lab import Lab
from tests.lab.operating import fab, said
from tests.lab.running import active, all_well, eventually

pytestmark = [
    pytest.mark.lab,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(900, func_only=True),
]


@pytest.fixture(autouse=True)
def well(lab: Lab) -> None:
    """All is well before a test."""
    all_well(lab)
    eventually(lambda: fab(lab, "status").returncode == 0, 120)


@pytest.mark.parametrize("fault", [SWITCHOVER, *FAULTS])
def test_of_what_was_acknowledged_nothing_is_lost(
    lab: Lab, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    drilled = fab(lab, f"drill:{fault}", "--json", *(["--yes"] if fault == SWITCHOVER else []))
    assert drilled.returncode == 0, said(drilled)
    (report,) = json.loads(drilled.stdout)
    with capsys.disabled():
        print(
            f"\n{fault}: first good answer after {report['first_good']} s,"
            f" work after {report['served_after']} s, well after {report['well_after']} s,"
            f" {report['verdict']}"
        )
    assert report["failures"] == []
    assert report["verdict"]["acknowledged"] > 0


def test_history_has_a_drill_and_who_came_to_serve_in_it(lab: Lab) -> None:
    drilled = fab(lab, f"drill:{SWITCHOVER}", "--yes", "--json")
    assert drilled.returncode == 0, said(drilled)
    (report,) = json.loads(drilled.stdout)
    shown = fab(lab, "history", "--json")
    assert shown.returncode == 0, said(shown)
    known = json.loads(shown.stdout)
    assert known["drills"][-1]["began"] == report["began"]
    last = known["takeovers"][-1]
    assert (last["machine"], last["drill"].endswith(SWITCHOVER)) == (active(lab), True)
