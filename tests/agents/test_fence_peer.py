"""``fence-peer``, DRBD's handler, called by the real ``drbdadm`` of both versions."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine, Ran

pytestmark = pytest.mark.root

HANDLER = "/usr/local/lib/tandem/fence-peer"
OUTDATER = "/usr/libexec/heartbeat/drbd-peer-outdater"
FENCE = "/usr/local/lib/tandem/fence"


@dataclass(frozen=True)
class Case:
    """What the handler meets, and its verdict."""

    when: str
    exit: int
    says: str
    disk: str = "UpToDate/DUnknown"
    outdater: int = 4
    fence: int = 0


CASES = [
    Case(**case) for case in json.loads(Path(__file__).with_name("fence_peer.json").read_text())
]


@pytest.fixture(
    scope="module", params=[("cluster", "8.4.11"), ("capacity", "9.1.12")], ids=["8.4", "9"]
)
def booted(boot_for_all: Boot, request: pytest.FixtureRequest) -> Machine:
    """The machine ``master``, with a stand-in for all that would reach the peer."""
    example, version = request.param
    made = boot_for_all(example, "master")
    made.load_drbd(version)
    made.stand_in("told", OUTDATER, FENCE)
    return made


@pytest.fixture
def node(booted: Machine) -> Machine:
    """The machine, of which nothing was asked yet, and whose disk is fine."""
    booted.write("/tmp/told", "")
    booted.write("/tmp/drbd/disk", "UpToDate/DUnknown\n")
    return booted


def called_by_drbd(node: Machine) -> Ran:
    """Call the handler as DRBD does."""
    return node.run("drbdadm", "fence-peer", "zeoserver")


def told(node: Machine) -> list[str]:
    return node.read("/tmp/told").splitlines()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.when)
def test_the_writing_goes_on_only_if_it_may(node: Machine, case: Case) -> None:
    node.write("/tmp/drbd/disk", f"{case.disk}\n" if case.disk else "")
    node.write("/tmp/drbd-peer-outdater", f"{case.outdater}\n")
    node.write("/tmp/fence", f"{case.fence}\n")
    ran = called_by_drbd(node)
    assert ran.returncode == case.exit
    assert f"zeoserver: {case.says}" in ran.stderr.splitlines()


def test_a_peer_that_outdated_its_disk_is_left_on(node: Machine) -> None:
    node.write("/tmp/drbd-peer-outdater", "4\n")
    called_by_drbd(node)
    assert told(node) == ["drbd-peer-outdater -t 5"]


def test_nobody_is_fenced_for_a_disk_that_is_not_up_to_date(node: Machine) -> None:
    node.write("/tmp/drbd/disk", "Consistent/DUnknown\n")
    called_by_drbd(node)
    assert told(node) == []


def test_it_is_the_peer_that_is_fenced(node: Machine) -> None:
    node.write("/tmp/drbd-peer-outdater", "5\n")
    called_by_drbd(node)
    assert told(node)[-1] == "fence slave"


def test_heartbeat_is_told_which_peer_shall_outdate_which_volume(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.write(OUTDATER, '#!/bin/sh\necho "$DRBD_PEER $DRBD_RESOURCE" >/tmp/named\nexit 4\n', 0o755)
    called_by_drbd(node)
    assert node.read("/tmp/named") == "slave zeoserver\n"


def test_a_peer_whose_heartbeat_lives_is_asked_again_before_it_is_fenced(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.stand_in("told", FENCE)
    node.write(
        "/usr/bin/cl_status", '#!/bin/sh\n[ "$*" = "nodestatus slave" ] && echo active\n', 0o755
    )
    node.write(
        OUTDATER, "#!/bin/sh\n[ -e /tmp/asked ] && exit 4\ntouch /tmp/asked\nexit 20\n", 0o755
    )
    assert called_by_drbd(node).returncode == 4
    assert told(node) == []


def test_a_peer_that_heartbeat_knows_to_be_dead_is_not_asked(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.stand_in("told", OUTDATER, FENCE)
    # The real one fails, too, as it says so.
    node.write("/usr/bin/cl_status", "#!/bin/sh\necho dead\nexit 1\n", 0o755)
    assert called_by_drbd(node).returncode == 7
    assert told(node) == ["fence slave"]


def test_a_peer_whose_heartbeat_lives_and_never_answers_is_fenced_all_the_same(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.stand_in("told", OUTDATER, FENCE)
    node.replace(HANDLER, "sleep 1.5", "sleep 0.1")
    node.write("/usr/bin/cl_status", "#!/bin/sh\necho active\n", 0o755)
    node.write("/tmp/drbd-peer-outdater", "20\n")
    assert called_by_drbd(node).returncode == 7
    assert told(node) == ["drbd-peer-outdater -t 5"] * 4 + ["fence slave"]


def test_heartbeat_is_asked_for_one_volume_after_the_other(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.stand_in("told", FENCE)
    alone = "mkdir /tmp/asked || exit 20\nsleep 1\nrmdir /tmp/asked\nexit 4\n"
    node.write(OUTDATER, f"#!/bin/sh\n{alone}", 0o755)
    both = " ".join(f"(drbdadm fence-peer {name}; echo $?) &" for name in ("zeoserver", "frontend"))
    ran = node.run("sh", "-c", f"{both} wait")
    assert ran.stdout.split() == ["4", "4"]


def test_a_disk_that_was_lost_while_another_volume_was_fenced_for_fences_nobody(
    node: Machine,
) -> None:
    lost = "sleep 0.7; echo Diskless/DUnknown >/tmp/drbd/disk"
    other = f"flock /run/tandem-fence-peer.lock sh -c '{lost}'"
    ran = node.run("sh", "-c", f"{other} & sleep 0.3; drbdadm fence-peer zeoserver")
    assert ran.returncode == 1
    assert told(node) == []


def test_the_real_outdater_knows_the_options_and_finds_no_heartbeat(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.stand_in("told", FENCE)
    node.write("/tmp/fence", "1\n")
    ran = called_by_drbd(node)
    assert "usage" not in ran.stderr
    assert (ran.returncode, told(node)) == (1, ["fence slave"])


def test_a_drbdsetup_that_hangs_in_the_kernel_lets_the_writing_wait(boot: Boot) -> None:
    node = boot("cluster", "master")
    node.load_drbd()
    node.replace(HANDLER, "timeout -k 1 5 drbdadm", "timeout -k 0.1 1.5 drbdadm")
    node.write("/tmp/drbd/hangs", "all\n")
    begin = time.monotonic()
    ran = node.run("sh", "-c", f"said=$(DRBD_RESOURCE=zeoserver {HANDLER} 2>&1); echo $? $said")
    assert ran.stdout.startswith("1 zeoserver: the disk here is unknown")
    assert time.monotonic() - begin < 5
    # It does not keep the other volumes' handlers waiting.
    assert node.run("flock", "-n", "/run/tandem-fence-peer.lock", "true").returncode == 0


def test_without_fencing_the_writing_goes_on_as_the_description_accepts_and_says_so(
    boot: Boot,
) -> None:
    node = boot("containers", "left")
    node.load_drbd()
    node.stand_in("told", OUTDATER)
    node.write("/tmp/drbd-peer-outdater", "5\n")
    ran = called_by_drbd(node)
    assert ran.returncode == 5
    assert ran.stderr.splitlines()[-1] == (
        "zeoserver: right does not answer and cannot be fenced: going on,"
        " as accept = split-brain says; if it lives, it writes too"
    )


def test_even_without_fencing_a_peer_that_is_primary_is_not_run_over(boot: Boot) -> None:
    node = boot("containers", "left")
    node.load_drbd()
    node.stand_in("told", OUTDATER)
    node.write("/tmp/drbd-peer-outdater", "6\n")
    assert called_by_drbd(node).returncode == 6
