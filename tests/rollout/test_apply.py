"""Doing steps on a host: files arrive whole, with their modes, and what fails is said."""

import errno
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from tandem.errors import TandemError
from tandem.images.cache import Tell
from tandem.rendering import File
from tandem.rollout.apply import apply, placing
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.step import Step
from tandem.rollout.tars import tar_of
from tests.rollout.conftest import Sshd


def file(path: Path, text: str, mode: int = 0o644) -> File:
    return File(PurePosixPath(str(path).lstrip("/")), text, mode)


def done(sshd: Sshd, *steps: Step) -> list[str]:
    with Remote(sshd.host, sshd.ssh) as remote:
        return [step.says for step in apply(remote, steps, lambda _: None, "now")]


def test_files_arrive_in_folders_that_are_made_for_them(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "etc/new/hosts"
    assert done(sshd, Step("write it", file=file(path, "one\n"))) == ["write it"]
    assert path.read_text() == "one\n"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_has_its_mode_whatever_it_had_before(sshd: Sshd, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "it"
    path.write_text("before")
    path.chmod(0o640)
    done(sshd, Step("write it", file=file(path, "after\n", mode)))
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("after\n", mode)


def test_a_link_is_replaced_and_not_followed(sshd: Sshd, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / "resolv.conf").symlink_to("other")
    done(sshd, Step("write it", file=file(tmp_path / "resolv.conf", "ours\n")))
    assert (tmp_path / "other").read_text() == "mine"
    assert not (tmp_path / "resolv.conf").is_symlink()


def test_steps_are_done_in_their_order(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "it"
    steps = (
        Step("write it", file=file(path, "one\n")),
        Step("use it", f"cp {path} {tmp_path}/copy"),
        Step("write it again", file=file(path, "two\n")),
    )
    assert done(sshd, *steps) == ["write it", "use it", "write it again"]
    assert (tmp_path / "copy").read_text() == "one\n"


def test_nothing_is_done_after_a_step_that_fails(sshd: Sshd, tmp_path: Path) -> None:
    later = Step("go on", f"touch {tmp_path}/later")
    with pytest.raises(HostError, match="master: no, thank you"):
        done(sshd, Step("try", "echo no, thank you >&2; exit 1"), later)
    assert not (tmp_path / "later").exists()


def test_a_step_of_several_commands_ends_at_the_first_that_fails(
    sshd: Sshd, tmp_path: Path
) -> None:
    with pytest.raises(HostError):
        done(sshd, Step("try", f"false\ntouch {tmp_path}/later"))
    assert not (tmp_path / "later").exists()


def test_what_breaks_off_on_the_way_leaves_the_file_as_it_was(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_text("before")
    files = [file(path, "x" * 1_000_000)]
    whole = tar_of(files)
    with Remote(sshd.host, sshd.ssh) as remote, pytest.raises(HostError):
        remote.run(f"set -eu\n{placing(files)}", whole[: len(whole) // 2])
    assert path.read_text() == "before"
    done(sshd, Step("write it", file=files[0]))
    assert path.read_text() == "x" * 1_000_000


@dataclass(frozen=True)
class Word:
    """Something to be sent."""

    word: str

    def content(self, _: Remote, __: Tell) -> bytes:
        return self.word.encode()


@dataclass(frozen=True)
class Making:
    """Something that has to be made first."""

    def content(self, _: Remote, tell: Tell) -> bytes:
        tell("Debian 12: packing")
        return b""


def test_how_far_it_is_with_what_has_to_be_made_first_is_told(sshd: Sshd) -> None:
    told: list[str] = []
    with Remote(sshd.host, sshd.ssh) as remote:
        steps = (Step("send it", "cat >/dev/null", sends=Making()), Step("use it", "true"))
        list(apply(remote, steps, told.append, "now"))
    assert told == ["send it", "Debian 12: packing", "use it"]


def test_a_step_gets_what_it_sends_and_when_the_roll_out_was_started(
    sshd: Sshd, tmp_path: Path
) -> None:
    done(sshd, Step("keep it", f'cat >"{tmp_path}/$started"', sends=Word("here it is")))
    assert (tmp_path / "now").read_text() == "here it is"


def test_a_file_is_as_new_as_it_is(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "authkeys"
    for text in ("one\n", "two\n"):
        started = time.time()
        done(sshd, Step("write it", file=file(path, text)))
        assert started - 1 <= path.stat().st_mtime <= time.time()


def test_files_belong_to_root(sshd: Sshd, tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_text("before")
    os.chown(path, 65534, 65534)
    done(sshd, Step("write it", file=file(path, "after\n")))
    assert (path.stat().st_uid, path.stat().st_gid) == (0, 0)


@dataclass(frozen=True)
class Lacking:
    """Something that this computer cannot send."""

    why: Exception

    def content(self, _: Remote, __: Tell) -> bytes:
        raise self.why


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (TandemError("making Debian failed: no mirror"), "master: making Debian failed: no mirror"),
        (
            OSError(errno.ENOSPC, "No space left on device", "var/images/new"),
            "master: on this computer: var/images/new: No space left on device",
        ),
    ],
)
def test_what_this_computer_cannot_send_is_said_of_the_host_that_lacks_it(
    sshd: Sshd, why: Exception, said: str
) -> None:
    with pytest.raises(HostError) as raised:
        done(sshd, Step("send it", "true", sends=Lacking(why)))
    assert raised.value.report() == said
