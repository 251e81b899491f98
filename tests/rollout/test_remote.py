"""Entering a host by ssh: who is let in, what comes back, and what is said when it goes wrong."""

import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from hashlib import sha256

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
    assert run(sshd, "sha256sum", given).split()[0] == sha256(given).hexdigest()


def test_what_goes_to_standard_error_comes_back_too_however_much_it_is(sshd: Sshd) -> None:
    printed = run(sshd, "echo one >&2; head -c 5000000 /dev/zero | tr '\\0' x >&2; echo two")
    assert len(printed) == 5_000_000 + len("one\ntwo\n")


def test_a_host_that_says_nothing_is_not_waited_for(sshd: Sshd) -> None:
    with Remote(sshd.host, sshd.ssh) as remote:
        assert remote.run("sleep 1; echo on", within=5) == "on\n"
        with pytest.raises(HostError, match="master: no word from it for 1 s"):
            remote.run("sleep 20", within=1)


def test_a_script_that_fails_says_why_by_its_last_line(sshd: Sshd) -> None:
    with pytest.raises(HostError, match=r"^master: no room for that$"):
        run(sshd, "echo no room for that >&2; exit 3")


def test_a_script_that_does_not_read_on_says_why_all_the_same(sshd: Sshd) -> None:
    with pytest.raises(HostError, match=r"^master: enough$"):
        run(sshd, "head -c 10 >/dev/null; echo enough >&2; exit 3", os.urandom(5_000_000))


def says_before(sshd: Sshd, line: str, then: str) -> None:
    """Have the host say a line whenever it is entered, as sudo does, and then do something."""
    allowed = (sshd.folder / "authorized").read_text()
    (sshd.folder / "authorized").write_text(f'command="echo {line} >&2; {then}" {allowed}')


def test_what_is_said_before_a_script_runs_is_not_taken_for_its_own_words(sshd: Sshd) -> None:
    says_before(sshd, "unable to resolve host master", r"eval \"$SSH_ORIGINAL_COMMAND\"")
    assert run(sshd, "echo one; echo two >&2") == "one\ntwo\n"


def test_what_keeps_a_script_from_running_is_told(sshd: Sshd) -> None:
    says_before(sshd, "a password is required", "exit 1")
    with pytest.raises(HostError, match=r"^master: a password is required$"):
        run(sshd, "echo one")


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
    with pytest.raises(HostError, match=r"master: .*/nowhere: No such file"):
        run(replace(sshd, ssh=replace(sshd.ssh, key=f"{sshd.folder}/nowhere")), "true")


def test_a_host_without_sshd_cannot_be_reached(sshd: Sshd) -> None:
    nobody = replace(sshd, host=replace(sshd.host, address="127.0.0.9"))
    with pytest.raises(HostError, match=r"master: 127.0.0.9 cannot be reached: .*refused"):
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
        (
            "Command 'drbdsetup net-options --shared-secret=abc' terminated with exit code 10\n",
            "Command 'drbdsetup net-options --shared-secret=<secret>",
        ),
    ],
)
def test_of_what_a_command_printed_one_line_says_why(printed: str, said: str) -> None:
    assert why(printed).startswith(said)


def test_nobody_else_can_read_what_a_script_is_given(sshd: Sshd) -> None:
    with Remote(sshd.host, sshd.ssh) as remote:
        working = threading.Thread(target=remote.run, args=("sleep 2; cat", b"the secret"))
        working.start()
        time.sleep(1)
        lines = (one.info["cmdline"] for one in psutil.process_iter(["cmdline"]))
        seen = " ".join(" ".join(line or ()) for line in lines)
        working.join()
    assert "the secret" not in seen
    assert "sleep 2; cat" in seen


def test_known_host_keys_that_cannot_be_read_are_one_line(sshd: Sshd) -> None:
    (sshd.folder / "known").write_text(f"{ADDRESS} ssh-ed25519 no-base64\n")
    with pytest.raises(HostError, match="known: is none of known host keys"):
        run(sshd, "true")
    (sshd.folder / "known").unlink()
    with pytest.raises(HostError, match="known: No such file or directory"):
        run(sshd, "true")


def test_a_key_with_a_passphrase_belongs_to_the_agent(sshd: Sshd) -> None:
    locked = str(sshd.folder / "locked")
    command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", locked)
    subprocess.run(command, check=True)
    with pytest.raises(HostError, match="has a passphrase: give it to ssh-agent"):
        run(replace(sshd, ssh=replace(sshd.ssh, key=locked)), "true")
