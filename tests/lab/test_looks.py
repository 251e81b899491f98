"""How a machine looks by its own word, as the lab reads it."""

import pytest

from tandem.lab.looks import Looks, read

HEALTHY = """\
role Primary/Secondary
role Primary/Secondary
disk UpToDate/UpToDate
disk UpToDate/Inconsistent
heartbeat active
vm frontend container systemd-nspawn debian 12 10.0.0.21…
vm zeoclient-master container systemd-nspawn debian 12 10.0.0.31…
vm zeoserver container systemd-nspawn debian 12 10.0.0.22…
"""
ON = Looks("master", "on")
VOLUMES = ["frontend", "zeoserver"]


def test_a_healthy_machine_says_its_volumes_heartbeat_and_vms() -> None:
    assert read(ON, HEALTHY, VOLUMES) == Looks(
        name="master",
        power="on",
        answers=True,
        volumes=("frontend Primary UpToDate/UpToDate", "zeoserver Primary UpToDate/Inconsistent"),
        heartbeat="active",
        vms=("frontend", "zeoclient-master", "zeoserver"),
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", Looks("master", "on", answers=True)),
        ("heartbeat \n", Looks("master", "on", answers=True)),
        ("heartbeat dead\n", Looks("master", "on", answers=True, heartbeat="dead")),
        ("\nheartbeat up\n\n", Looks("master", "on", answers=True, heartbeat="up")),
        ("role \ndisk \nvm \n", Looks("master", "on", answers=True)),
        (
            "role Unconfigured\nrole Secondary/Unknown\n"
            "disk Unconfigured\ndisk Diskless/DUnknown\n",
            Looks(
                "master",
                "on",
                answers=True,
                volumes=(
                    "frontend Unconfigured Unconfigured",
                    "zeoserver Secondary Diskless/DUnknown",
                ),
            ),
        ),
    ],
    ids=["nothing", "no Heartbeat", "dead", "empty lines", "empty words", "broken volumes"],
)
def test_a_machine_may_have_little_to_say(answer: str, expected: Looks) -> None:
    assert read(ON, answer, VOLUMES) == expected


def test_a_healthy_machine_is_a_row_with_a_line_for_each_volume() -> None:
    assert read(ON, HEALTHY, VOLUMES).words() == (
        "master",
        "on",
        "frontend Primary UpToDate/UpToDate\nzeoserver Primary UpToDate/Inconsistent",
        "active",
        "frontend zeoclient-master zeoserver",
    )


def test_a_machine_on_which_nothing_runs_is_a_row_with_dashes() -> None:
    assert read(ON, "heartbeat \n", VOLUMES).words() == ("master", "on", "", "-", "-")


@pytest.mark.parametrize(
    ("power", "words"),
    [
        ("off", ("master", "off", "")),
        ("on", ("master", "on", "no answer")),
        ("frozen", ("master", "frozen", "no answer")),
    ],
)
def test_a_machine_that_says_nothing_is_no_machine_without_volumes(
    power: str, words: tuple[str, ...]
) -> None:
    assert Looks("master", power).words() == words
