"""From what there is to what is to be there: the steps, for many cases a small file each."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from tandem.rollout.facts import Facts
from tandem.rollout.plan import HIDDEN, plan
from tandem.rollout.showing import visitors
from tandem.rollout.step import Phase
from tests.examples import FILES, example
from tests.rollout.asdescribed import NOW, OLD, facts, otherwise, wanted

CASES = sorted((Path(__file__).parent / "plans").glob("*.toml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_steps_of_a_plan(case: Path) -> None:
    read = tomllib.loads(case.read_text())
    to_be = wanted(example(read["cluster"]), read["host"])
    steps = plan(to_be, otherwise(facts(to_be), read.get("given", {})))
    assert [step.says for step in steps] == read["steps"]
    assert visitors(steps) == read.get("visitors", "")


def test_the_clients_of_a_new_cluster_start_after_its_zeo_server_whose_turn_comes_later() -> None:
    phases: dict[str, Phase] = {}
    for host in ("zeoclient-left", "zeoserver"):
        to_be = wanted(example("containers"), host)
        down = dict.fromkeys(to_be.released, "inactive enabled held-back")
        new = {"not_built": [OLD, NOW], "current": "", "no_runs": True, "units": down}
        phases |= {step.says: step.phase for step in plan(to_be, otherwise(facts(to_be), new))}
    assert phases["start tandem-zeoserver.service"] is Phase.IN_TURN
    assert phases["start tandem-zeoclient1.service"] is Phase.LAST


@pytest.mark.parametrize("name", sorted(FILES))
def test_where_all_is_as_described_there_is_nothing_to_do(name: str) -> None:
    cluster = example(name)
    for host in cluster.hosts:
        assert plan(wanted(cluster, host), facts(wanted(cluster, host))) == (), host


def test_a_diff_shows_what_a_file_loses_and_gains() -> None:
    to_be = wanted(example("containers"), "left")
    changed = {"changed": ["etc/hostname"]}
    assert plan(to_be, otherwise(facts(to_be), changed))[0].diff == (
        *("@@ -1 +1,2 @@", "-as it was"),
        *("+# Made by Tandem from cluster.cfg; edit that, not this.", "+left"),
    )


def test_a_secret_is_in_no_sentence_no_diff_and_no_command() -> None:
    to_be = wanted(example("containers"), "left")
    step = plan(to_be, otherwise(facts(to_be), {"changed": ["etc/ha.d/authkeys"]}))[0]
    assert step.diff == (HIDDEN,)
    assert "heartbeat's" not in f"{step.says} {step.does}"


def test_packages_are_installed_in_a_way_that_starts_nothing() -> None:
    to_be = wanted(example("containers"), "left")
    missing = {"not_installed": ["heartbeat", "ipmitool"]}
    does = plan(to_be, otherwise(facts(to_be), missing))[0].does
    assert "policy-rc.d" in does
    assert "install heartbeat ipmitool" in does


def test_what_a_package_brings_along_and_nobody_asked_for_is_switched_off_with_it() -> None:
    to_be = wanted(example("containers"), "left")
    missing = {"not_installed": ["heartbeat", "ipmitool"]}
    does = plan(to_be, otherwise(facts(to_be), missing))[0].does
    assert " quietly ipmievd sh " in does


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_done_on_bare_hosts_is_posix_shell_without_a_fault(name: str) -> None:
    cluster = example(name)
    steps = [step for host in cluster.hosts for step in plan(wanted(cluster, host), Facts())]
    # What comes before each (tandem.rollout.apply).
    scripts = {f"#!/bin/sh\nset -eu\nstarted=now\n{step.does}\n" for step in steps if step.does}
    for script in sorted(scripts):
        command = ("shellcheck", "--shell=sh", "--exclude=SC2034,SC2317", "-")
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
