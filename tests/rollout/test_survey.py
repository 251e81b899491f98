"""What a survey makes of hosts that are bare, and of VMs that are not there yet."""

from dataclasses import replace

from tandem.rollout import showing
from tandem.rollout.facts import Facts
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout.asdescribed import NOW, OLD, facts, otherwise, wanted

CLUSTER = example("containers")


def surveyed(*bare: str) -> Survey:
    """All is as described, but for machines that are bare, and VMs that do not answer."""
    there: dict[str, Facts | HostError] = {}
    for name, host in CLUSTER.hosts.items():
        there[name] = facts(wanted(CLUSTER, name))
        if name in bare:
            there[name] = Facts()
        if host.vm:
            there[name] = HostError(name, f"{host.address} cannot be reached: no answer")
    return Survey(CLUSTER, "", {name: wanted(CLUSTER, name) for name in CLUSTER.hosts}, there)


def test_the_vms_of_bare_machines_are_to_come_and_no_fault() -> None:
    seen = surveyed("left", "right")
    assert seen.made_by == {
        "left": ("frontend", "zeoserver", "zeoclient-left"),
        "right": ("zeoclient-right",),
    }
    assert seen.errors == {}


def test_a_vm_that_does_not_answer_is_one_where_its_disk_is_there() -> None:
    assert set(surveyed("right").errors) == {"frontend", "zeoserver", "zeoclient-left"}


def test_a_machine_in_the_place_of_a_dead_one_fetches_what_the_other_has() -> None:
    seen = surveyed("left")
    assert seen.made_by == {"left": ("zeoclient-left",)}
    says = [step.says for step in seen.plans["left"]]
    assert "keep zeoserver as the other side has it" in says
    assert "fill zeoserver" not in says


def test_the_plan_says_that_they_are_set_up_once_they_are_there() -> None:
    lines = [line.plain for line in showing.lines(surveyed("left", "right"), 1.0)]
    at = lines.index("zeoserver")
    assert lines[at + 1] == "  set it up, once it is there:"
    foreseen = [line.strip() for line in lines[at + 2 :] if line.startswith("    ")]
    assert foreseen[0].startswith("write ")
    assert foreseen[0].endswith(" files")
    assert "build a release for zeoserver" in foreseen


def test_a_diff_that_several_hosts_share_is_shown_once() -> None:
    seen = surveyed()
    changed = {
        name: otherwise(facts(seen.wanted[name]), {"changed": ["etc/hosts"]})
        for name in ("left", "right")
    }
    seen = replace(seen, facts={**seen.facts, **changed})
    lines = [line.plain for line in showing.lines(seen, 1.0)]
    one, other = (at for at, line in enumerate(lines) if line.startswith("  write /etc/hosts"))
    assert lines[one + 1].startswith("    @@ ")
    assert lines[other + 1] in ("    as on left", "    as on right")


def test_a_client_starts_once_those_are_there_that_are_to_come() -> None:
    seen = surveyed("left")
    client = seen.wanted["zeoclient-right"]
    down = {"units": dict.fromkeys(client.released, "inactive enabled held-back")}
    new = {"not_built": [OLD, NOW], "current": "", "no_runs": True} | down
    seen = replace(seen, facts={**seen.facts, "zeoclient-right": otherwise(facts(client), new)})
    start = "start tandem-zeoclient1.service"
    assert "zeoclient-left" in seen.coming
    assert start in [step.says for step in seen.plans["zeoclient-right"]]
    assert start not in [step.says for step in seen.plans_before_they_come["zeoclient-right"]]


def test_of_hosts_that_are_left_out_nothing_is_said() -> None:
    left_out = {"left", "zeoclient-left"}
    lines = [line.plain for line in showing.lines(surveyed("left", "right"), 1.0, left_out)]
    assert left_out.isdisjoint(lines)
    assert {"right", "zeoclient-right"} < set(lines)
    assert lines[-1].count(" steps on 1 host;") == 1
