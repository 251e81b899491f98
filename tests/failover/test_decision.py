"""What is decided about the pair, and why not: each state of it by what is said."""

from dataclasses import replace
from typing import Any

import pytest

from tandem.failover.decision import Decision, Pair, failback, failover
from tandem.rollout.facts import Facts, Unit, VolumeState
from tandem.rollout.remote import HostError
from tests.examples import example

CLUSTER = example("cluster")
RUNS = {"heartbeat.service": Unit("active", "enabled")}
STOPPED = {"heartbeat.service": Unit("inactive", "enabled")}
UP = {"br-service": "up", "eth1": "up"}
GONE = HostError("slave", "10.0.0.12 cannot be reached: no answer")
MASTER_GONE = HostError("master", "10.0.0.11 cannot be reached: no answer")
MOVES = "a switchover: {} serves instead of {}, and visitors wait while its VMs and volumes move"


def volumes(
    role: str, disk: str = "UpToDate", peer: str = "UpToDate", connection: str = "Connected"
) -> dict[str, VolumeState]:
    return dict.fromkeys(("frontend", "zeoserver"), VolumeState(role, connection, disk, peer))


def serving(**changed: Any) -> Facts:
    """A machine of the pair that serves, all well."""
    facts = Facts(
        units=RUNS,
        volumes=volumes("Primary"),
        peer="active",
        holds="all",
        links=UP,
        vms=frozenset({"frontend", "zeoserver"}),
        free=4000,
        takes={"frontend": 300, "zeoserver": 500},
    )
    return replace(facts, **changed)


def standing_by(**changed: Any) -> Facts:
    facts = serving(volumes=volumes("Secondary"), vms=frozenset(), takes={}, holds="none")
    return replace(facts, **changed)


def pair(master: Facts | HostError, slave: Facts | HostError) -> Pair:
    return {"master": master, "slave": slave}


REFUSED = standing_by(volumes=volumes("Secondary", peer="DUnknown"), peer="dead", holds="all")
"""The slave, whose takeover of a dead master's service did not work."""


def why_not(master: Facts | HostError, slave: Facts | HostError) -> tuple[str, ...]:
    return failover(CLUSTER, pair(master, slave)).why_not


def test_while_both_are_healthy_the_other_machine_is_to_serve() -> None:
    there = failover(CLUSTER, pair(serving(), standing_by()))
    back = failover(CLUSTER, pair(standing_by(), serving()))
    assert there == Decision(MOVES.format("slave", "master"), "master", "slave")
    assert back == Decision(MOVES.format("master", "slave"), "slave", "master")


def test_back_is_to_the_first_machine_and_from_there_nowhere() -> None:
    back = failback(CLUSTER, pair(standing_by(), serving()))
    assert (back.source, back.to) == ("slave", "master")
    stays = failback(CLUSTER, pair(serving(), standing_by()))
    assert stays == Decision("master serves: there is nothing to go back from")


def test_a_first_machine_that_serves_in_part_gets_the_rest_before_anything_goes_back() -> None:
    part = serving(vms=frozenset({"zeoserver"}))
    assert failback(CLUSTER, pair(part, standing_by())).to == "master"


LAGS = volumes("Secondary", "Inconsistent")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"volumes": LAGS},
            tuple(
                f"slave: {name} is Connected and Inconsistent: expected Connected and UpToDate"
                for name in LAGS
            ),
        ),
        (
            {"volumes": {}},
            tuple(
                f"slave: {name} is not there for DRBD: expected Connected and UpToDate"
                for name in LAGS
            ),
        ),
        (
            {"free": 799},
            ("slave: 799 MB of memory are free, and frontend and zeoserver take 800 MB",),
        ),
        (
            {"units": STOPPED, "peer": ""},
            ("slave: Heartbeat does not run: `systemctl status heartbeat` there says why",),
        ),
        (
            {"units": {}},
            ("slave: Heartbeat does not run: `systemctl status heartbeat` there says why",),
        ),
        ({"links": {**UP, "eth1": "dead"}}, ("slave: Heartbeat's link on eth1 is dead",)),
        ({"peer": "dead"}, ("slave: Heartbeat says of master: dead",)),
        (
            {"maintenance": "ops@desk since 2026-11-27 05:00 UTC: new disks", "units": STOPPED},
            (
                "slave: maintenance by ops@desk since 2026-11-27 05:00 UTC: new disks;"
                " `fab maintenance:off` ends it",
            ),
        ),
    ],
)
def test_a_standby_that_could_not_take_over_is_not_given_anything(
    changed: dict[str, Any], said: tuple[str, ...]
) -> None:
    assert why_not(serving(), standing_by(**changed)) == said


def test_what_the_machine_that_serves_hears_counts_too() -> None:
    assert why_not(serving(peer="dead"), standing_by()) == (
        "master: Heartbeat says of slave: dead",
    )


def test_where_memory_is_not_known_it_does_not_stand_in_the_way() -> None:
    assert why_not(serving(takes={}), standing_by(free=0)) == ()
    assert why_not(serving(), standing_by(free=None)) == ()


def test_where_the_other_machine_is_away_there_is_nothing_to_do() -> None:
    decision = failover(CLUSTER, pair(serving(peer="dead"), GONE))
    assert decision == Decision(f"master serves; the other machine is not there: {GONE.report()}")


def test_volumes_that_are_primary_on_both_are_not_touched() -> None:
    assert why_not(serving(), serving()) == ("volumes are primary on master and slave",)


def test_a_takeover_that_broke_off_is_finished_where_it_began() -> None:
    lost = volumes("Primary", peer="Outdated", connection="WFConnection")
    one = {**lost, "frontend": replace(lost["frontend"], role="Secondary")}
    part = replace(REFUSED, volumes=one, vms=frozenset({"zeoserver"}), holds="foreign")
    decision = failover(CLUSTER, pair(MASTER_GONE, part))
    assert decision == Decision(
        "slave serves in part and is to have the rest: the volume frontend, the VM frontend;"
        " if that does not start, Heartbeat ends all of it",
        to="slave",
    )


def test_nothing_is_finished_while_heartbeat_hears_a_machine_that_we_do_not_reach() -> None:
    part = replace(REFUSED, volumes=volumes("Primary"), vms=frozenset(), peer="active")
    assert why_not(MASTER_GONE, part) == ("slave: Heartbeat hears the other machine: it lives",)
    assert why_not(standing_by(), part) == ()


def test_a_takeover_that_was_refused_can_be_tried_again() -> None:
    assert failover(CLUSTER, pair(MASTER_GONE, REFUSED)) == Decision(
        "no machine that answers serves; slave is to, whose takeover did not work", to="slave"
    )


def test_what_cannot_be_guarded_against_is_said() -> None:
    unguarded = replace(CLUSTER, fencing="none")
    says = failover(unguarded, pair(MASTER_GONE, REFUSED)).says
    assert says.endswith(
        "; nothing guards against both writing, should the other machine live: fencing = none"
    )


@pytest.mark.parametrize(("holds", "to"), [("all", "slave"), ("foreign", "slave")])
def test_where_neither_serves_the_one_that_heartbeat_counts_on_is_to(holds: str, to: str) -> None:
    both = pair(standing_by(), standing_by(holds=holds))
    assert failover(CLUSTER, both).to == to
    first = pair(standing_by(holds="local"), standing_by(holds="local"))
    assert failover(CLUSTER, first).to == "master"


def test_nothing_is_started_behind_heartbeats_back() -> None:
    said = (
        "{0}: Heartbeat here does not count as the one that serves, but as none:"
        " `systemctl restart heartbeat` on both decides it anew"
    )
    assert why_not(standing_by(), standing_by()) == (said.format("master"), said.format("slave"))


def test_of_two_sides_that_have_both_written_none_is_chosen() -> None:
    apart = volumes("Secondary", "UpToDate", "DUnknown", "StandAlone")
    both = standing_by(volumes=apart, holds="all")
    assert why_not(MASTER_GONE, replace(both, peer="dead"))[1:] == tuple(
        f"slave: {name} is StandAlone: both machines may have written to it" for name in apart
    )


def test_a_machine_whose_own_disk_has_failed_hands_over() -> None:
    failed = serving(volumes=volumes("Primary", "Diskless"))
    whole = standing_by(volumes=volumes("Secondary", "UpToDate", "Diskless"))
    assert why_not(failed, whole) == ()


@pytest.mark.parametrize("disk", ["Outdated", "Consistent", "Inconsistent", "Diskless"])
def test_a_machine_with_old_data_alone_is_not_to_serve(disk: str) -> None:
    old = replace(REFUSED, volumes=volumes("Secondary", disk, "DUnknown"))
    assert why_not(MASTER_GONE, old) == (
        MASTER_GONE.report(),
        f"slave: frontend is {disk}, and the other machine may have newer data",
        f"slave: zeoserver is {disk}, and the other machine may have newer data",
    )


def test_what_heartbeat_still_hears_is_not_taken_over_from() -> None:
    assert why_not(MASTER_GONE, standing_by(holds="all")) == (
        MASTER_GONE.report(),
        "slave: Heartbeat hears the other machine: it lives",
    )


def test_a_machine_whose_heartbeat_waits_for_its_peer_since_it_booted_does_nothing() -> None:
    booted = standing_by(units={"heartbeat.service": Unit("activating", "enabled")}, peer="")
    assert why_not(MASTER_GONE, booted)[1:] == (
        "slave: Heartbeat does not run: `systemctl status heartbeat` there says why",
    )


def test_where_no_machine_answers_nothing_is_known() -> None:
    decision = failover(CLUSTER, pair(MASTER_GONE, GONE))
    assert decision == Decision(
        "no machine that answers serves", why_not=(MASTER_GONE.report(), GONE.report())
    )


BOOTED_ALONE = standing_by(
    units=STOPPED,
    peer="",
    holds="",
    volumes=volumes("Secondary", "Consistent", "DUnknown", "WFConnection"),
)
"""The slave, which has not seen the master since it booted: that may have newer data."""


def test_old_data_is_served_by_force_alone_and_what_that_costs_is_said() -> None:
    decision = failover(CLUSTER, pair(MASTER_GONE, BOOTED_ALONE))
    assert decision.why_not
    assert decision.says == "no machine that answers serves; slave could be made to, by force"
    assert decision.dangers == (
        *(
            f"what master alone has of {name} is not there for visitors, and is given up when"
            " master comes back: `fab rejoin:master`"
            for name in ("frontend", "zeoserver")
        ),
        "master is switched off, even if it serves",
    )


def test_a_machine_that_served_alone_and_booted_is_helped_by_force() -> None:
    newest = replace(BOOTED_ALONE, volumes=volumes("Secondary", "UpToDate", "Outdated"))
    decision = failover(CLUSTER, pair(MASTER_GONE, newest))
    assert decision.dangers == ("master is switched off, even if it serves",)


def test_what_was_begun_by_force_is_finished_by_force() -> None:
    begun = volumes("Secondary", "Consistent", "DUnknown", "WFConnection")
    begun["frontend"] = replace(begun["frontend"], role="Primary", disk="UpToDate")
    decision = failover(CLUSTER, pair(MASTER_GONE, replace(BOOTED_ALONE, volumes=begun)))
    assert decision.why_not
    assert decision.dangers[-1] == "master is switched off, even if it serves"


def test_that_nothing_switches_the_other_machine_off_is_a_danger_too() -> None:
    unguarded = replace(CLUSTER, fencing="none")
    dangers = failover(unguarded, pair(MASTER_GONE, BOOTED_ALONE)).dangers
    assert dangers[-1] == "master may live, and write: nothing switches it off"


@pytest.mark.parametrize(
    "changed",
    [
        {"volumes": volumes("Secondary", "Inconsistent", "DUnknown", "WFConnection")},
        {"volumes": {}},
        {"maintenance": "ops@desk since 2026-11-27 05:00 UTC: new disks"},
        {"peer": "active"},
    ],
)
def test_what_cannot_be_had_is_not_offered(changed: dict[str, Any]) -> None:
    decision = failover(CLUSTER, pair(MASTER_GONE, replace(BOOTED_ALONE, **changed)))
    assert decision.why_not
    assert decision.dangers == ()


def test_while_both_machines_are_there_nothing_is_forced() -> None:
    assert failover(CLUSTER, pair(standing_by(), BOOTED_ALONE)).dangers == ()
