"""What `fab status` asks, and how it ends."""

from collections.abc import Mapping
from pathlib import Path
from threading import Barrier

import pytest

from tandem.model import Cluster
from tandem.rollout import commands
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import Visit
from tests.examples import FILES
from tests.rollout.serving import WELL, seen


def status(monkeypatch: pytest.MonkeyPatch, visited: Mapping[str, Visit]) -> None:
    """`fab status` of a cluster whose hosts and sites answer only while both are asked."""
    both_asked = Barrier(2, timeout=20)

    def look(_: Path) -> Survey:
        both_asked.wait()
        return seen()

    def visits(_: Cluster) -> Mapping[str, Visit]:
        both_asked.wait()
        return visited

    monkeypatch.setattr(commands, "look", look)
    monkeypatch.setattr(commands, "visits", visits)
    commands.status.body(None, cluster=str(FILES["cluster"]))


def test_hosts_and_sites_are_asked_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status(monkeypatch, WELL)
    assert "\nall is well (looked at in " in capsys.readouterr().out


def test_what_is_not_well_is_said_below_and_by_the_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        status(monkeypatch, {"www.example.org": Visit(503, 0.1)})
    last = capsys.readouterr().out.splitlines()[-2:]
    assert last[0] == "www.example.org: answers 503"
    assert last[1].startswith("not all is well (looked at in ")
