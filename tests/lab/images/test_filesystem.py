"""Disks: what is put into a root, and the images that are made of it."""

import os
import stat
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tandem.errors import TandemError
from tandem.lab.images.filesystem import add_modules, image, install, pack, unpack
from tandem.rendering import File

HOSTS = File(PurePosixPath("etc/hosts"), "127.0.0.1 localhost\n", 0o644)
SECRET = File(PurePosixPath("etc/ha.d/authkeys"), "auth 1\n", 0o600)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def on_disk(disk: Path, command: str) -> str:
    return subprocess.run(
        ["/usr/sbin/debugfs", "-R", command, disk], capture_output=True, check=True, text=True
    ).stdout


def test_a_disk_has_a_journal_and_what_is_in_the_folder(tmp_path: Path) -> None:
    install([SECRET], tmp_path / "root")
    image(tmp_path / "root", tmp_path / "disk", 64)
    assert on_disk(tmp_path / "disk", "cat /etc/ha.d/authkeys") == "auth 1\n"
    assert "has_journal" in on_disk(tmp_path / "disk", "features")


def test_a_disk_is_as_large_as_asked_and_takes_no_more_room_than_it_must(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    image(tmp_path / "root", tmp_path / "disk", 4000)
    seen = (tmp_path / "disk").stat()
    assert seen.st_size == 4000 * 2**20
    assert seen.st_blocks * 512 < 100 * 2**20


def test_what_does_not_fit_on_a_disk_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "large").write_bytes(os.urandom(20 * 2**20))
    with pytest.raises(TandemError, match="does not fit into 16 MB"):
        image(tmp_path / "root", tmp_path / "disk", 16)
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_a_disk_of_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"^mkfs"):
        image(tmp_path / "root", tmp_path / "disk", 16)


def test_files_are_put_where_they_belong_each_with_its_mode(tmp_path: Path) -> None:
    install([HOSTS, SECRET], tmp_path)
    assert (tmp_path / "etc/hosts").read_text() == HOSTS.text
    assert mode_of(tmp_path / "etc/ha.d/authkeys") == 0o600
    assert mode_of(tmp_path / "etc/ha.d") == 0o755


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "root/etc/hosts").symlink_to(tmp_path / "mine")
    install([HOSTS], tmp_path / "root")
    assert (tmp_path / "mine").read_text() == "precious"
    assert (tmp_path / "root/etc/hosts").read_text() == HOSTS.text


def test_a_folder_that_leads_out_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/etc").symlink_to(tmp_path)
    with pytest.raises(TandemError, match="leads out of the root"):
        install([HOSTS], tmp_path / "root")
    assert not (tmp_path / "hosts").exists()


UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
UNITS = PurePosixPath("etc/systemd/system")


@pytest.mark.root
def test_a_boot_starts_what_the_preset_says_and_nothing_else(tmp_path: Path) -> None:
    install(
        [
            *(File(UNITS / f"{name}.service", UNIT, 0o644) for name in ("on", "off", "other")),
            File(
                PurePosixPath("etc/systemd/system-preset/50-tandem.preset"),
                "# Made for a test\nenable on.service\ndisable off.service\n",
                0o644,
            ),
        ],
        tmp_path,
    )
    started = sorted(path.name for path in (tmp_path / UNITS / "multi-user.target.wants").iterdir())
    assert started == ["on.service"]


@pytest.mark.root
def test_accounts_and_folders_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    install(
        [
            File(PurePosixPath("etc/sysusers.d/tandem.conf"), "u tandem 777 - /srv\n", 0o644),
            File(
                PurePosixPath("etc/tmpfiles.d/tandem.conf"),
                "d /srv/tandem 0750 tandem tandem\n",
                0o644,
            ),
        ],
        tmp_path,
    )
    made = (tmp_path / "srv/tandem").stat()
    assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (777, 0o750)


@pytest.mark.root
def test_a_tar_keeps_owners_modes_and_capabilities(tmp_path: Path) -> None:
    ping = tmp_path / "from" / "ping"
    ping.parent.mkdir()
    ping.touch()
    os.chown(ping, 4321, 1234)
    ping.chmod(0o4755)
    # cap_net_raw+ep, as in the headers of the kernel: linux/capability.h.
    capability = bytes.fromhex("0100000200200000000000000000000000000000")
    os.setxattr(ping, "security.capability", capability)
    pack(tmp_path / "from", tmp_path / "a.tar")
    unpack(tmp_path / "a.tar", tmp_path / "to")
    seen = (tmp_path / "to/ping").stat()
    assert (seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)) == (4321, 1234, 0o4755)
    assert os.getxattr(tmp_path / "to/ping", "security.capability") == capability


def test_a_broken_tar_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("no tar")
    with pytest.raises(TandemError, match=r"^tar failed: [^\n]+$"):
        unpack(tmp_path / "a.tar", tmp_path / "to")


def test_a_root_gets_the_modules_of_a_kernel(tmp_path: Path) -> None:
    (tmp_path / "uml/6.1.176/kernel").mkdir(parents=True)
    (tmp_path / "uml/6.1.176/modules.dep").touch()
    add_modules(tmp_path / "root", tmp_path / "uml/6.1.176")
    assert (tmp_path / "root/usr/lib/modules/6.1.176/modules.dep").exists()
