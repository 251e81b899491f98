"""A roll-out in two rounds: what makes VMs, and what is done on them once they are there."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.rendering import CHECKOUT
from tandem.rollout import doing
from tandem.rollout.deploying import Outcome, Plans
from tandem.rollout.facts import Facts
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout import asdescribed
from tests.rollout.asdescribed import facts as described
from tests.rollout.asdescribed import wanted

CLUSTER = example("containers")


@pytest.fixture
def bare() -> Survey:
    """What is seen of machines on which nothing is; their VMs are to come."""
    return asdescribed.bare(CLUSTER, "no answer")


@pytest.fixture
def broken() -> set[str]:
    """Hosts whose steps fail."""
    return set()


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch, broken: set[str]) -> list[Plans]:
    """The plans of the rounds that were done."""
    plans_of: list[Plans] = []

    def done(plans: Plans, *_: object) -> Sequence[Outcome]:
        plans_of.append(plans)
        failed = (host for host, steps in plans.items() if steps and host in broken)
        return [Outcome(host, 0, 1, 0.0, "broken") for host in failed]

    monkeypatch.setattr(doing, "alone", lambda _: nullcontext(lambda: ""))
    monkeypatch.setattr(doing, "arrive", lambda *_: ())
    monkeypatch.setattr(doing, "done", done)
    return plans_of


def refuse(*_: object) -> None:
    raise TandemError("not done")


def looked(monkeypatch: pytest.MonkeyPatch, *seen: Survey) -> None:
    looks = iter(seen)
    monkeypatch.setattr(doing, "look", lambda *_: next(looks))


def test_a_description_that_changed_while_vms_booted_is_not_rolled_out(
    monkeypatch: pytest.MonkeyPatch, bare: Survey, carried_out: list[Plans]
) -> None:
    looked(monkeypatch, bare, bare, replace(bare, cluster=replace(CLUSTER, name="another")))
    with pytest.raises(TandemError, match="the description changed meanwhile"):
        doing.deployed(Path("cluster.cfg"), "", yes=True)
    assert carried_out == [bare.plans]


def test_the_operator_is_asked_about_what_is_done_on_new_vms_too(
    monkeypatch: pytest.MonkeyPatch, bare: Survey, carried_out: list[Plans]
) -> None:
    there = replace(bare, facts={name: Facts() for name in CLUSTER.hosts})
    asked: list[Plans] = []
    monkeypatch.setattr(doing, "ask", lambda plans, _: asked.append(plans))
    looked(monkeypatch, bare, bare, there, there)
    doing.deployed(Path("cluster.cfg"), "", yes=False)
    assert asked == carried_out == [bare.plans, there.plans]


def test_a_vm_whose_machine_does_not_say_its_host_key_hides_no_plan(
    monkeypatch: pytest.MonkeyPatch, bare: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    looked(
        monkeypatch,
        replace(bare, facts={**bare.facts, "left": described(wanted(CLUSTER, "left"))}),
    )
    unsaid = HostError("zeoclient-left", "left did not say what its host key is: broke off")
    monkeypatch.setattr(doing, "introduce", lambda _: (False, {"zeoclient-left": unsaid}))
    monkeypatch.setattr(doing, "ask", refuse)
    with pytest.raises(TandemError, match="not done"):
        doing.deployed(Path("cluster.cfg"), "", yes=False)
    said = capsys.readouterr().out
    assert "zeoclient-left: left did not say what its host key is: broke off\n" in said
    assert "zeoclient-right\n  set it up, once it is there:\n" in said


def test_new_vms_are_set_up_though_another_machine_has_failed(
    monkeypatch: pytest.MonkeyPatch, bare: Survey, broken: set[str], carried_out: list[Plans]
) -> None:
    there = replace(bare, facts={name: Facts() for name in CLUSTER.hosts})
    looked(monkeypatch, bare, bare, there, there)
    waited: list[str] = []

    def arrive(_: object, made_by: Mapping[str, Sequence[str]], __: object) -> Sequence[Outcome]:
        waited.extend(vm for vms in made_by.values() for vm in vms)
        return ()

    monkeypatch.setattr(doing, "arrive", arrive)
    broken.add("right")
    assert not doing.deployed(Path("cluster.cfg"), "", yes=True)
    assert waited == ["frontend", "zeoserver", "zeoclient-left"]
    assert carried_out[1] == {host: there.plans[host] for host in ("left", *waited)}


@pytest.mark.usefixtures("carried_out")
def test_how_long_new_vms_took_to_come_is_shown_and_those_that_did_not_come_once(
    monkeypatch: pytest.MonkeyPatch, bare: Survey, capsys: pytest.CaptureFixture[str]
) -> None:
    came = Outcome("frontend", 1, 1, 21.5, took=(("boot", 21.5),))
    away = Outcome("zeoserver", 0, 1, 240.0, "no answer")
    monkeypatch.setattr(doing, "arrive", lambda *_: (came, away))
    there = {name: described(wanted(CLUSTER, name)) for name in CLUSTER.hosts}
    left = replace(bare, facts={**there, "zeoserver": HostError("zeoserver", "no answer")})
    looked(monkeypatch, bare, bare, left, left)
    assert not doing.deployed(Path("cluster.cfg"), "", yes=True)
    said = capsys.readouterr()
    assert ["boot", "21.5"] in [line.split() for line in said.out.splitlines()]
    assert said.err == "zeoserver: no answer\n"


@pytest.mark.usefixtures("carried_out")
def test_those_of_a_machine_that_failed_are_said_to_be_left_out_because_of_it(
    monkeypatch: pytest.MonkeyPatch,
    bare: Survey,
    broken: set[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts = {**bare.facts, "right": described(wanted(CLUSTER, "right"))}
    unknown = HostError("zeoclient-right", "its host key is not known")
    left = replace(bare, facts={**facts, "zeoclient-right": unknown})
    looked(monkeypatch, bare, bare, bare, left)
    monkeypatch.setattr(doing, "introduce", lambda _: (False, {}))
    broken.add("right")
    assert not doing.deployed(Path("cluster.cfg"), "", yes=True)
    said = capsys.readouterr().err
    assert "zeoclient-right: not set up: right is not finished\n" in said
    assert "host key" not in said


@pytest.mark.usefixtures("carried_out")
def test_where_every_machine_failed_no_vm_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, bare: Survey, broken: set[str]
) -> None:
    looked(monkeypatch, bare, bare, bare)
    broken |= {"left", "right"}
    monkeypatch.setattr(doing, "arrive", refuse)
    assert not doing.deployed(Path("cluster.cfg"), "", yes=True)


def test_what_was_done_is_shown_though_it_is_broken_off() -> None:
    with subprocess.Popen(
        (sys.executable, "-m", "tests.rollout.breaking_off"),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert "at work\n" in iter(process.stdout.readline, "")
        process.send_signal(signal.SIGINT)
        shown, said = process.communicate(timeout=60)
    rows = [line.split() for line in shown.splitlines()]
    assert [row[:2] for row in rows if "steps" in row] == [["slave", "1"], ["master", "1"]]
    assert said.splitlines() == ["master: two: not done: broken off", "interrupted"]
    assert process.returncode == 130
