"""Plans for many hosts, stage by stage: here each host is an sshd of this computer."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout.deploying import Outcome, carry_out, unlike
from tandem.rollout.facts import Facts
from tandem.rollout.plan import Step
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout.conftest import ADDRESS, Sshd


def here(sshd: Sshd) -> Cluster:
    """The traditional cluster, both of whose machines are this computer."""
    cluster = example("traditional")
    nodes = tuple(replace(node, address=ADDRESS) for node in cluster.nodes)
    return replace(cluster, nodes=nodes, ssh=sshd.ssh)


def carried_out(
    sshd: Sshd, plans: Mapping[str, tuple[Step, ...]], *, stop: str = ""
) -> list[Outcome]:
    cluster = here(sshd)
    seen = Survey(cluster, "", {}, {name: Facts() for name in cluster.machines})
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
    seen = Survey(here(sshd), "", {}, {"slave": Facts()})
    plans = {"slave": (Step("a", f"touch {tmp_path}/a"), Step("b", f"touch {tmp_path}/b"))}

    def stop() -> str:
        return "the lock was lost" if (tmp_path / "a").exists() else ""

    outcomes = list(carry_out(plans, seen, stop, lambda *_: None))
    assert [(one.done, one.error) for one in outcomes] == [(1, "b: not done: the lock was lost")]
    assert not (tmp_path / "b").exists()


def test_what_comes_last_is_done_when_all_else_is_on_all_hosts(sshd: Sshd, tmp_path: Path) -> None:
    def note(word: str, *, last: bool = False) -> Step:
        return Step(word, f"echo {word} >>{tmp_path}/notes", last=last)

    plans = {
        "slave": (note("start", last=True), note("first")),
        "master": (note("start", last=True), note("second")),
    }
    assert all(one.error == "" for one in carried_out(sshd, plans))
    assert (tmp_path / "notes").read_text().split() == ["first", "second", "start", "start"]


def test_a_description_that_is_another_or_cannot_be_read_says_so() -> None:
    cluster = example("pair")

    def broken() -> Cluster:
        raise TandemError("pair.cfg: no such file")

    assert unlike(cluster, lambda: example("pair")) == ""
    assert unlike(cluster, lambda: example("cluster")) == "the description was changed meanwhile"
    assert unlike(cluster, broken) == "the description was changed meanwhile"
