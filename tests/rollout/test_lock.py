"""One roll-out at a time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tandem.rollout.lock import locked
from tandem.rollout.remote import HostError, Remote
from tests.rollout.conftest import Sshd

HOLDING = """\
import sys, time
from tandem.model import Host, Ssh
from tandem.rollout import lock
from tandem.rollout.lock import locked
from tandem.rollout.remote import Remote
lock._EVERY, lock._SILENCE = 1, 3
host, ssh = Host("master", sys.argv[1], ()), Ssh(key=sys.argv[2], known_hosts=sys.argv[3])
with Remote(host, ssh) as remote, locked(remote):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(sshd: Sshd) -> Iterator[subprocess.Popen[str]]:
    words = (sshd.host.address, sshd.ssh.key, sshd.ssh.known_hosts)
    command = (sys.executable, "-c", HOLDING, *words)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_operator_hears_who_is_at_work_and_since_when(sshd: Sshd) -> None:
    with Remote(sshd.host, sshd.ssh) as one, Remote(sshd.host, sshd.ssh) as other, locked(one):
        said = r"^master: \S+@\S+ since 20\d\d-.* rolls out here"
        with pytest.raises(HostError, match=said), locked(other):
            pass


def test_whoever_has_ended_is_in_nobodys_way(sshd: Sshd) -> None:
    with Remote(sshd.host, sshd.ssh) as one, Remote(sshd.host, sshd.ssh) as other:
        with locked(one):
            pass
        with locked(other):
            pass


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_whoever_was_killed_is_in_nobodys_way(sshd: Sshd, sign: signal.Signals) -> None:
    with holder(sshd) as process:
        os.kill(process.pid, sign)
        process.wait()
        time.sleep(1)
        with Remote(sshd.host, sshd.ssh) as remote, locked(remote):
            pass


def test_whoever_is_heard_no_more_is_in_nobodys_way(sshd: Sshd) -> None:
    with holder(sshd) as process:
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(5)
        with Remote(sshd.host, sshd.ssh) as remote, locked(remote):
            pass
