"""What Heartbeat's scripts tell it by its FIFO comes in one piece, with Debian's own functions."""

import os
import select

import pytest

from tests.agents.conftest import Boot
from tests.agents.machine import Machine

pytestmark = pytest.mark.root

FIFO = "/run/fifo"
# As hb_standby and req_resource do; here with a while between two lines.
SENDING = """
HA_SBIN_DIR=/usr/sbin
. /etc/ha.d/shellfuncs
(echo t=ask_resources; sleep 0.2; echo rsc_hold=all) | ha_clustermsg
"""
MESSAGE = b">>>\nt=ask_resources\nrsc_hold=all\n<<<\n"


@pytest.fixture(scope="module")
def node(boot_for_all: Boot) -> Machine:
    made = boot_for_all("cluster", "master")
    assert made.run("mkfifo", FIFO).returncode == 0
    return made


def pieces(node: Machine) -> list[bytes]:
    """What a reader of the FIFO gets, read by read."""
    read = []
    # Who has it open for both is never told that there is no writer.
    fifo = os.open(node.path(FIFO), os.O_RDWR | os.O_NONBLOCK)
    try:
        with node.running("env", f"HA_FIFO={FIFO}", "sh", "-c", SENDING) as sending:
            while sending.poll() is None or select.select([fifo], [], [], 0)[0]:
                if select.select([fifo], [], [], 0.01)[0]:
                    read.append(os.read(fifo, 4096))
    finally:
        os.close(fifo)
    return read


def test_a_message_is_one_piece(node: Machine) -> None:
    assert pieces(node) == [MESSAGE]


def test_debians_cat_alone_would_tear_it(node: Machine) -> None:
    ours = "/usr/share/heartbeat/cat"
    node.run("mv", ours, "/run/cat")
    torn = pieces(node)
    node.run("mv", "/run/cat", ours)
    assert len(torn) > 1
    assert b"".join(torn) == MESSAGE


def test_files_are_read_as_ever(node: Machine) -> None:
    node.write("/tmp/file", "a\n\n")
    assert node.run("/usr/share/heartbeat/cat", "/tmp/file").stdout == "a\n\n"
    assert node.run("/usr/share/heartbeat/cat", stdin="b\n").stdout == "b\n"
    assert node.run("/usr/share/heartbeat/cat", "-", stdin="c\n\n").stdout == "c\n\n"
