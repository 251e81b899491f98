"""Entering a host by ssh: who is let in, what comes back, and what is said when it goes wrong."""

import os
import signal
import threading
import time
from dataclasses import replace

import psutil
import pytest

from tandem.rollout.remote import HostError, Remote, why
from tests.rollout.conftest import ADDRESS, Sshd, key


def run(sshd: Sshd, script: str, stdin: bytes = b"") -> str:
    with Remote(sshd.host, sshd.ssh) as remote:
        return remote.run(script, stdin)


def test_what_a_script_prints_comes_back(sshd: Sshd) -> None:
    assert run(sshd, "echo one; echo 'two  and \"three\"'") == 'one\ntwo  and "three"\n'


def test_a_script_reads_what_it_is_given(sshd: Sshd) -> None:
    given = os.urandom(3_000_000)
    assert run(sshd, "wc -c", given).strip() == str(len(given))


def test_each_line_is_told_when_it_comes(sshd: Sshd) -> None:
    told: list[tuple[str, float]] = []
    with Remote(sshd.host, sshd.ssh) as remote:
        remote.run(
            "echo early; sleep 1; echo late",
            tell=lambda line: told.append((line, time.monotonic())),
        )
    assert [line for line, _ in told] == ["early", "late"]
    assert told[1][1] - told[0][1] > 0.5


def test_a_script_that_fails_says_why_by_its_last_line(sshd: Sshd) -> None:
    with pytest.raises(HostError, match=r"^master: no room for that$"):
        run(sshd, "echo no room for that >&2; exit 3")


def test_a_script_that_does_not_read_on_says_why_all_the_same(sshd: Sshd) -> None:
    with pytest.raises(HostError, match=r"^master: enough$"):
        run(sshd, "head -c 10 >/dev/null; echo enough >&2; exit 3", os.urandom(5_000_000))


def test_a_host_whose_key_is_not_known_is_not_entered(sshd: Sshd) -> None:
    (sshd.folder / "known").write_text("")
    with pytest.raises(HostError, match=f"master: the host key of {ADDRESS} is not known"):
        run(sshd, f"touch {sshd.folder}/entered")
    assert not (sshd.folder / "entered").exists()


def test_a_host_with_another_key_than_is_known_is_not_entered(sshd: Sshd) -> None:
    other = key(sshd.folder / "other").with_suffix(".pub").read_text()
    (sshd.folder / "known").write_text(f"{ADDRESS} {other}")
    with pytest.raises(HostError, match=f"master: {ADDRESS} has another host key than is known"):
        run(sshd, "true")


def test_a_key_that_is_not_let_in_is_named(sshd: Sshd) -> None:
    other = str(key(sshd.folder / "other"))
    with pytest.raises(HostError, match=f"does not let root in with the key {other}"):
        run(replace(sshd, ssh=replace(sshd.ssh, key=other)), "true")


def test_a_key_that_is_not_there_is_named(sshd: Sshd) -> None:
    with pytest.raises(HostError, match=r"master: .*/nowhere: no such file"):
        run(replace(sshd, ssh=replace(sshd.ssh, key=f"{sshd.folder}/nowhere")), "true")


def test_a_host_without_sshd_cannot_be_reached(sshd: Sshd) -> None:
    nobody = replace(sshd, host=replace(sshd.host, address="127.0.7.23"))
    with pytest.raises(HostError, match=r"master: 127.0.7.23 cannot be reached: .*refused"):
        run(nobody, "true")


def test_a_connection_that_breaks_off_says_so(sshd: Sshd) -> None:
    def cut() -> None:
        time.sleep(1)
        for session in psutil.Process(sshd.process.pid).children(recursive=True):
            if session.name() == "sshd":
                os.kill(session.pid, signal.SIGKILL)

    threading.Thread(target=cut).start()
    with pytest.raises(HostError, match="master: the connection broke off"):
        run(sshd, "sleep 20")


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("tar: x: Cannot write: No space left on device\n", "its disk is full"),
        ("E: Failed to fetch http://a/b  Could not connect\n", "its package sources cannot"),
        ("E: Unable to locate package heartbeat\n", "its package sources have no heartbeat"),
        ("E: Could not get lock /var/lib/dpkg/lock\n", "somebody else installs packages"),
        ("one\n\ntwo \n", "two"),
        ("", "it failed, and said nothing"),
    ],
)
def test_of_what_a_command_printed_one_line_says_why(printed: str, said: str) -> None:
    assert why(printed).startswith(said)


def test_nobody_but_root_can_read_what_a_script_is_given(sshd: Sshd) -> None:
    told = threading.Event()
    with Remote(sshd.host, sshd.ssh) as remote:
        working = threading.Thread(
            target=remote.run, args=("echo on; sleep 2; cat", b"the secret", lambda _: told.set())
        )
        working.start()
        assert told.wait(10)
        seen = " ".join(
            " ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])
        )
        working.join()
    assert "the secret" not in seen
    assert "sleep 2; cat" in seen
