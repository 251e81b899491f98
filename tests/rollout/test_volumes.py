"""Volumes: what is made and filled, and what never is."""

from dataclasses import replace

import pytest

from tandem.rollout.facts import Facts, VolumeState
from tandem.rollout.step import Phase, Step
from tandem.rollout.volumes import BLANK, NEW, RAW, Storage, filling, joining, making
from tests.examples import example
from tests.rollout.asdescribed import wanted

CLUSTER = example("containers")
WELL = VolumeState("Secondary", "Connected", "UpToDate", "UpToDate")
FRESH = VolumeState("Secondary", "Connected", "Inconsistent", "Inconsistent")


def storage(machine: str, disk: str = "/dev/sdb") -> Storage:
    made = wanted(CLUSTER, machine).storage
    assert made is not None
    return replace(made, disk=disk)


def there(machine: str, tag: str = "", state: VolumeState | None = WELL) -> Facts:
    """A machine that has all volumes, the replicated ones with all the tags and in a state."""
    on = storage(machine)
    first = tag.split(",")[0]
    return Facts(
        groups={"vg0": 0},
        logical={name: tag if name in on.replicated else first for name in on.sizes},
        volumes=dict.fromkeys(on.replicated, state) if state else {},
    )


def says(steps: list[Step]) -> list[str]:
    return [step.says for step in steps]


def test_a_bare_machine_gets_its_group_and_its_volumes() -> None:
    steps = list(making(storage("left"), Facts()))
    assert says(steps) == [
        "make the volume group vg0 of /dev/sdb",
        "make the volume frontend, 10240 MB, all zero",
        "make the volume zeoserver, 40960 MB, all zero",
        "make the volume zeoclient-left, 10240 MB",
    ]
    assert {step.phase for step in steps} == {Phase.AHEAD}


def test_drbd_takes_those_that_are_replicated() -> None:
    assert says(list(joining(storage("left"), Facts()))) == [
        "make DRBD's metadata on frontend",
        "make DRBD's metadata on zeoserver",
    ]


def test_the_first_machine_of_the_pair_fills_them() -> None:
    assert says(list(filling(storage("left"), Facts()))) == [
        "have both sides of frontend agree that they are the same",
        "have both sides of zeoserver agree that they are the same",
        "send the VMs' Debian",
        "fill frontend",
        "fill zeoserver",
        "fill zeoclient-left",
    ]


def test_the_other_one_fills_its_own_and_keeps_what_it_gets() -> None:
    steps = list(filling(storage("right"), Facts()))
    assert [(step.says, step.phase) for step in steps] == [
        ("send the VMs' Debian", Phase.AHEAD),
        ("fill zeoclient-right", Phase.IN_TURN),
        ("keep frontend as the other side has it", Phase.LAST),
        ("keep zeoserver as the other side has it", Phase.LAST),
    ]


@pytest.mark.parametrize("machine", ["left", "right"])
def test_volumes_that_are_filled_are_left_alone(machine: str) -> None:
    assert list(making(storage(machine), there(machine))) == []
    assert list(joining(storage(machine), there(machine))) == []
    assert list(filling(storage(machine), there(machine))) == []


@pytest.mark.parametrize("machine", ["left", "right"])
def test_so_are_volumes_that_somebody_else_made(machine: str) -> None:
    found = there(machine, "theirs", state=None)
    assert list(making(storage(machine), found)) == []
    assert list(joining(storage(machine), found)) == []
    assert list(filling(storage(machine), found)) == []


def test_what_broke_off_before_drbd_had_the_volume_is_made_again() -> None:
    found = there("left", f"{NEW},{RAW},{BLANK}", state=None)
    assert says(list(making(storage("left"), found))) == [
        "make the volume frontend, 10240 MB, all zero",
        "make the volume zeoserver, 40960 MB, all zero",
    ]
    assert len(list(joining(storage("left"), found))) == 2


@pytest.mark.parametrize("tag", [NEW, f"{NEW},{BLANK}"])
def test_a_volume_that_drbd_had_is_never_made_again_whatever_drbd_says_now(tag: str) -> None:
    found = there("left", tag, state=None)
    assert [*making(storage("left"), found), *joining(storage("left"), found)] == []


@pytest.mark.parametrize(
    ("says", "tag"),
    [
        ("make the volume zeoserver, 40960 MB, all zero", RAW),
        ("make DRBD's metadata on zeoserver", RAW),
        ("have both sides of zeoserver agree that they are the same", BLANK),
        ("fill zeoserver", BLANK),
        ("fill zeoclient-left", NEW),
    ],
)
def test_nothing_is_written_to_a_volume_without_the_tag_for_it(says: str, tag: str) -> None:
    on = storage("left")
    steps = [*making(on, Facts()), *joining(on, Facts()), *filling(on, Facts())]
    (step,) = [step for step in steps if step.says == says]
    writes = ("blkdiscard", "create-md", "new-current-uuid", "mkfs.ext4")
    at = min(step.does.index(word) for word in writes if word in step.does)
    assert f"*,{tag},*) ;;" in step.does[:at]


def test_what_is_fetched_from_the_other_side_is_never_blank() -> None:
    on = replace(storage("left"), fetches=True, leads=False)
    steps = [*making(on, Facts()), *joining(on, Facts())]
    assert not any(f"--addtag {BLANK}" in step.does for step in steps)
    assert f"--deltag {BLANK}" in steps[-1].does


def test_what_broke_off_later_goes_on_where_it_was() -> None:
    assert list(making(storage("left"), there("left", NEW, FRESH))) == []
    agreed = says(list(filling(storage("left"), there("left", NEW, WELL))))
    assert agreed == [
        "send the VMs' Debian",
        "fill frontend",
        "fill zeoserver",
        "fill zeoclient-left",
    ]


def test_without_a_disk_for_it_a_missing_group_is_a_fault() -> None:
    (step, *_) = making(storage("left", disk=""), Facts())
    assert "there is no volume group vg0: make it, or name the disk" in step.does


@pytest.mark.parametrize(("free", "fits"), [(61440, True), (61439, False)])
def test_the_plan_says_where_a_group_has_no_room(free: int, fits: bool) -> None:
    steps = list(making(storage("left"), Facts(groups={"vg0": free})))
    lacking = "find 61440 MB for new volumes in vg0, which has 61439 MB left"
    assert (steps[0].says == lacking) is not fits
    assert fits or "vg0 has 61439 MB left, and new volumes take 61440 MB: give it" in steps[0].does


def test_a_volume_takes_whole_extents() -> None:
    on = replace(storage("left"), sizes={"zeoclient-left": 4097})
    (lacking, _) = making(on, Facts(groups={"vg0": 4098}))
    assert lacking.says == "find 4100 MB for new volumes in vg0, which has 4098 MB left"


def test_volumes_that_are_there_take_no_more_room() -> None:
    found = Facts(groups={"vg0": 10240}, logical={"frontend": NEW, "zeoserver": NEW})
    (step,) = making(storage("left"), found)
    assert step.says == "make the volume zeoclient-left, 10240 MB"


def test_a_machine_without_vms_has_the_volume_of_the_data_alone() -> None:
    made = wanted(example("traditional"), "master").storage
    assert made is not None
    assert says(list(filling(made, Facts()))) == [
        "have both sides of zeoserver agree that they are the same",
        "fill zeoserver",
    ]
