"""Plans for many hosts, stage by stage: here each host is an sshd of this computer."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout import reached
from tandem.rollout.deploying import Outcome, alone, carry_out, unlike
from tandem.rollout.facts import Facts
from tandem.rollout.lock import locked
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.rolling import Turn
from tandem.rollout.step import Phase, Step
from tandem.rollout.survey import Survey
from tandem.rollout.wanted import Wanted
from tests.examples import example
from tests.rollout.asdescribed import wanted
from tests.rollout.conftest import ADDRESS, Sshd


@cache
def described() -> Cluster:
    """The traditional cluster, both of whose machines are this computer."""
    cluster = example("traditional")
    nodes = tuple(replace(node, address=ADDRESS) for node in cluster.nodes)
    addresses = tuple((name, ADDRESS) for name, _ in cluster.zeoclient.addresses)
    zeoclient = replace(cluster.zeoclient, addresses=addresses)
    return replace(cluster, nodes=nodes, zeoclient=zeoclient)


@cache
def wants() -> Mapping[str, Wanted]:
    return {name: wanted(described(), name) for name in described().machines}


def surveyed(sshd: Sshd, *known: str, about: str = "") -> Survey:
    """What is seen of the cluster, some of whose machines have answered."""
    cluster = replace(described(), ssh=sshd.ssh)
    there = {name: HostError(name, "no answer") for name in cluster.machines}
    facts = there | {name: Facts() for name in known}
    return Survey(cluster, about, wants(), facts)


def carried_out(
    sshd: Sshd, plans: Mapping[str, tuple[Step, ...]], *, stop: str = ""
) -> list[Outcome]:
    seen = surveyed(sshd, "master", "slave")
    return list(carry_out(plans, seen, lambda: stop, lambda *_: None))


def test_what_was_done_is_said_for_each_host(sshd: Sshd) -> None:
    outcomes = carried_out(sshd, {"master": (Step("a", "true"),), "slave": (Step("b", "true"),)})
    assert [(one.host, one.done, one.error) for one in outcomes] == [
        ("slave", 1, ""),
        ("master", 1, ""),
    ]


def test_a_host_without_steps_is_left_alone(sshd: Sshd) -> None:
    outcomes = carried_out(sshd, {"master": (Step("a", "true"),), "slave": ()})
    assert [one.host for one in outcomes] == ["master"]


def test_what_serves_is_not_touched_after_a_fault_on_the_standby(
    sshd: Sshd, tmp_path: Path
) -> None:
    touching = Step("touch it", f"touch {tmp_path}/touched")
    slave = (Step("a", "true"), Step("break", "echo broken >&2; false"))
    outcomes = carried_out(sshd, {"master": (touching,), "slave": slave})
    assert [(one.host, one.done, one.steps, one.error) for one in outcomes] == [
        ("slave", 1, 2, "break: broken"),
        ("master", 0, 1, "not touched: slave failed before"),
    ]
    assert not (tmp_path / "touched").exists()


def test_what_stands_in_the_way_meanwhile_ends_it(sshd: Sshd) -> None:
    outcomes = carried_out(sshd, {"slave": (Step("a", "true"),)}, stop="the lock was lost")
    assert outcomes[0].error == "not touched: the lock was lost"


def test_so_it_does_between_two_steps(sshd: Sshd, tmp_path: Path) -> None:
    seen = surveyed(sshd, "slave")
    plans = {"slave": (Step("a", f"touch {tmp_path}/a"), Step("b", f"touch {tmp_path}/b"))}

    def stop() -> str:
        return "the lock was lost" if (tmp_path / "a").exists() else ""

    outcomes = list(carry_out(plans, seen, stop, lambda *_: None))
    assert [(one.done, one.error) for one in outcomes] == [(1, "b: not done: the lock was lost")]
    assert not (tmp_path / "b").exists()


def noting(folder: Path) -> Callable[..., Step]:
    def note(word: str, phase: Phase = Phase.IN_TURN, then: str = "true", undo: str = "") -> Step:
        undoing = f"echo {undo} >>{folder}/notes" if undo else ""
        return Step(word, f"echo {word} >>{folder}/notes\n{then}", phase=phase, undo=undoing)

    return note


def notes(folder: Path) -> list[str]:
    return (folder / "notes").read_text().split()


def test_some_steps_come_ahead_of_all_others_on_all_hosts_and_some_last(
    sshd: Sshd, tmp_path: Path
) -> None:
    note = noting(tmp_path)
    plans = {
        "slave": (note("start", Phase.LAST), note("first"), note("build", Phase.AHEAD)),
        "master": (note("start", Phase.LAST), note("second"), note("build", Phase.AHEAD)),
    }
    assert all(one.error == "" for one in carried_out(sshd, plans))
    assert notes(tmp_path) == ["build", "build", "first", "second", "start", "start"]


def test_a_release_that_cannot_be_built_on_one_host_is_gone_to_on_none(
    sshd: Sshd, tmp_path: Path
) -> None:
    note = noting(tmp_path)
    plans = {
        "slave": (note("build", Phase.AHEAD), note("go")),
        "master": (note("build", Phase.AHEAD, "false"), note("go")),
    }
    errors = {one.host: one.error for one in carried_out(sshd, plans)}
    assert "go" not in notes(tmp_path)
    assert errors["slave"] == "not touched: master failed before"


def test_what_failed_is_taken_back_from_the_first_step_on(sshd: Sshd, tmp_path: Path) -> None:
    note = noting(tmp_path)
    slave = (
        note("go", undo="back"),
        note("restart1", undo="restart1-again"),
        note("restart2", then="echo no egg >&2; false", undo="restart2-again"),
        note("restart3", undo="restart3-again"),
    )
    (outcome,) = carried_out(sshd, {"slave": slave})
    assert outcome.error == "restart2: no egg; taken back"
    told = ["go", "restart1", "restart2", "back", "restart1-again", "restart2-again"]
    assert notes(tmp_path) == told


def test_what_cannot_be_taken_back_is_said(sshd: Sshd) -> None:
    slave = (Step("go", "false", undo="echo no room >&2; false"),)
    (outcome,) = carried_out(sshd, {"slave": slave})
    assert outcome.error.endswith("; and it could not be taken back: no room")


def test_what_is_broken_off_is_not_taken_back(sshd: Sshd, tmp_path: Path) -> None:
    note = noting(tmp_path)
    plans = {"slave": (note("go", undo="back"), note("restart"))}
    seen = surveyed(sshd, "slave")

    def stop() -> str:
        return "broken off" if (tmp_path / "notes").exists() else ""

    (outcome,) = carry_out(plans, seen, stop, lambda *_: None)
    assert outcome.error == "restart: not done: broken off"
    assert notes(tmp_path) == ["go"]


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reached, "_WITHIN", 0)


@contextmanager
def ready(*turns: Turn) -> Iterator[None]:
    """Something says at each client's address that it is ready."""

    class Saying(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ExitStack() as stack:
        for turn in turns:
            where = urlsplit(turn.url)
            assert where.hostname
            assert where.port
            server = HTTPServer((where.hostname, where.port), Saying)
            stack.callback(server.server_close)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        yield


def in_turn(
    sshd: Sshd, tmp_path: Path, *, itself: bool, another: bool, visitors: str = ""
) -> tuple[str, list[str]]:
    """What is said of a client's turn, and what was done; it and another may be ready."""
    seen = surveyed(sshd, "master", "slave")
    one, other, *_ = seen.wanted["slave"].turns.values()
    step = replace(noting(tmp_path)("anew", undo="back"), says=one.says, visitors=visitors)
    (tmp_path / "notes").touch()
    with ready(*(turn for turn, well in ((one, itself), (other, another)) if well)):
        (outcome,) = carry_out({"slave": (step,)}, seen, lambda: "", lambda *_: None)
    return outcome.error, notes(tmp_path)


def test_a_client_is_started_anew_while_the_frontend_finds_another_ready(
    sshd: Sshd, tmp_path: Path
) -> None:
    assert in_turn(sshd, tmp_path, itself=True, another=True) == ("", ["anew"])


def test_it_is_not_where_the_others_have_died_since_the_plan(sshd: Sshd, tmp_path: Path) -> None:
    error, done = in_turn(sshd, tmp_path, itself=True, another=False)
    assert error.endswith(": not done: the frontend finds no other Plone client ready now")
    assert done == []


def test_it_is_where_the_plan_said_what_visitors_notice(sshd: Sshd, tmp_path: Path) -> None:
    noticed = "requests wait until the client is ready, as no other is"
    assert in_turn(sshd, tmp_path, itself=True, another=False, visitors=noticed) == ("", ["anew"])


def test_what_was_done_for_a_turn_that_does_not_come_is_taken_back(
    sshd: Sshd, tmp_path: Path
) -> None:
    turn = next(iter(wants()["slave"].turns.values()))
    note = noting(tmp_path)
    plans = {"slave": (note("go", undo="back"), replace(note("anew"), says=turn.says))}
    (outcome,) = carried_out(sshd, plans)
    assert outcome.error.endswith("finds no other Plone client ready now; taken back")
    assert notes(tmp_path) == ["go", "back"]


def test_a_client_that_the_frontend_does_not_reach_is_taken_back(
    sshd: Sshd, tmp_path: Path
) -> None:
    error, done = in_turn(sshd, tmp_path, itself=False, another=True)
    assert error.endswith(": it is ready, and the frontend does not reach it; taken back")
    assert done == ["anew", "back"]


def test_two_operators_do_not_work_on_two_machines_of_a_cluster(sshd: Sshd) -> None:
    seen = surveyed(sshd, "master", about="slave")
    with (
        Remote(seen.cluster.hosts["master"], sshd.ssh) as remote,
        locked(remote),
        pytest.raises(HostError, match="rolls out here"),
        alone(seen),
    ):
        pass


def test_a_description_that_is_another_or_cannot_be_read_says_so() -> None:
    cluster = example("pair")

    def broken() -> Cluster:
        raise TandemError("pair.cfg: no such file")

    assert unlike(cluster, lambda: example("pair")) == ""
    assert unlike(cluster, lambda: example("cluster")) == "the description was changed meanwhile"
    assert unlike(cluster, broken) == "the description was changed meanwhile"
