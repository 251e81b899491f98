"""How a machine comes back to the pair: what is said, what is given up, and why not."""

from dataclasses import replace

from tandem.failover.rejoin import History, Rejoining, numbers_in, rejoining
from tandem.rollout.facts import Facts
from tests.failover.test_decision import CLUSTER, GONE, MASTER_GONE, pair, serving, volumes

SPLIT = serving(volumes=volumes("Primary", peer="DUnknown", connection="StandAlone"))
"""The master, which serves, and does not speak to the slave any more."""
ALONE = Facts(
    volumes=volumes("Secondary", peer="DUnknown", connection="StandAlone"),
    groups={"vg0": 1_000_000},
)
"""The slave, which has written something of its own, and has stopped that."""
HISTORIES = {"zeoserver": {"master": History(5_000, 1_700_000_000), "slave": History(40)}}


def test_of_both_sides_is_said_what_they_alone_have() -> None:
    decided = rejoining(CLUSTER, "slave", pair(SPLIT, ALONE), HISTORIES)
    assert decided.why_not == ()
    assert decided.gives_up == {"frontend": None, "zeoserver": History(40)}
    mine, yours, does = decided.says[2:5]
    assert mine.startswith("zeoserver: master alone has at most 5,000 KB since 2023-11-1")
    assert yours == "zeoserver: slave alone has at most 40 KB"
    assert does == (
        "slave gives up what it alone has of frontend and zeoserver, and fetches master's;"
        " a copy stays in the volume group there"
    )


def test_what_drbd_does_not_say_is_not_made_up() -> None:
    decided = rejoining(CLUSTER, "slave", pair(SPLIT, ALONE), {})
    assert decided.says[0] == "frontend: master alone has what DRBD does not say"


def test_only_what_is_split_is_given_up() -> None:
    well = volumes("Secondary")["zeoserver"]
    partly = replace(ALONE, volumes={**ALONE.volumes, "zeoserver": well})
    there = replace(SPLIT, volumes={**SPLIT.volumes, "zeoserver": volumes("Primary")["zeoserver"]})
    assert rejoining(CLUSTER, "slave", pair(there, partly), {}).gives_up == {"frontend": None}


def test_the_machine_that_serves_gives_nothing_up() -> None:
    decided = rejoining(CLUSTER, "master", pair(replace(SPLIT, groups=ALONE.groups), ALONE), {})
    assert decided.why_not[0] == (
        "master: frontend is primary, so what visitors see would be given up:"
        " `fab rejoin:slave`, or stop Heartbeat on master first"
    )


def test_nothing_is_given_up_for_a_disk_that_is_not_up_to_date() -> None:
    stale = replace(SPLIT, volumes=volumes("Primary", "Inconsistent", connection="StandAlone"))
    decided = rejoining(CLUSTER, "slave", pair(stale, ALONE), {})
    assert decided.why_not[0] == "master: frontend is Inconsistent: expected UpToDate"


def test_without_room_for_a_copy_nothing_is_given_up() -> None:
    full = replace(ALONE, groups={"vg0": 140})
    assert rejoining(CLUSTER, "slave", pair(SPLIT, full), HISTORIES).why_not == (
        "slave: a copy of what is given up of zeoserver takes 73 MB, and 68 MB are free for it:"
        " vgextend makes room",
    )


def test_a_copy_that_does_not_hold_for_ever_is_said_to() -> None:
    small = replace(ALONE, groups={"vg0": 2_000})
    decided = rejoining(CLUSTER, "slave", pair(SPLIT, small), HISTORIES)
    assert decided.why_not == ()
    assert decided.copies == {"frontend": 1_000, "zeoserver": 1_000}
    assert decided.says[-1] == (
        "the copy of zeoserver is there until 1,000 MB have been written to it, then LVM drops it:"
        " take out what is missed before, or make room by vgextend now"
    )


def test_a_machine_that_fetches_by_itself_is_let() -> None:
    fetches = Facts(volumes=volumes("Secondary", "Inconsistent", connection="SyncTarget"))
    assert rejoining(CLUSTER, "slave", pair(serving(), fetches), {}) == Rejoining(
        (
            "frontend fetches from master what it missed, by itself",
            "zeoserver fetches from master what it missed, by itself",
        )
    )


def test_in_a_pair_that_is_well_there_is_nothing_to_do() -> None:
    decided = rejoining(CLUSTER, "slave", pair(serving(), Facts(volumes=volumes("Secondary"))), {})
    assert decided.says[0] == "frontend is up to date on both machines: there is nothing to do"
    assert not decided.gives_up


def test_a_machine_that_does_not_answer_is_switched_on_where_it_has_a_bmc() -> None:
    decided = rejoining(CLUSTER, "slave", pair(serving(), GONE), {})
    assert decided == Rejoining(
        ("slave does not answer: master has its BMC switch it on, where it is off",), power=True
    )


def test_without_a_bmc_somebody_has_to_switch_it_on() -> None:
    cluster = replace(CLUSTER, fencing="meatware")
    assert rejoining(cluster, "slave", pair(serving(), GONE), {}).why_not == (
        "slave: 10.0.0.12 cannot be reached: no answer: switch it on; it comes back by itself",
    )


def test_nothing_is_given_up_for_a_machine_that_does_not_answer() -> None:
    decided = rejoining(CLUSTER, "slave", pair(MASTER_GONE, ALONE), {})
    assert decided.why_not == (
        "master: 10.0.0.11 cannot be reached: no answer: it may have newer data",
    )


def test_a_number_that_is_none_is_none() -> None:
    assert numbers_in("zeoserver 40\nfrontend unknown\nfrontend\n\n") == {"zeoserver": 40}
