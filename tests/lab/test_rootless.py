"""The lab of somebody who is not root: real user namespaces, in the account of nobody."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tandem.lab.commands import IMAGES
from tandem.rendering import CHECKOUT
from tests.examples import FILES
from tests.lab.leftovers import left

AS_NOBODY = """\
top=$1 ids=$2 checkout=$3 python=$4 var=$5
shift 5
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" none "$top/root"
cd "$top/root"
mkdir -p ".$checkout"
[ -z "$var" ] || mount --bind "$var" "$checkout/var"
for kept in /dev /proc /sys /run /tmp /var/tmp "$checkout"; do mount --rbind "$kept" ".$kept"; done
# What is above them may be for root alone.
for open in "$checkout" "$python"; do
    while [ "$open" != / ]; do
        open=$(dirname "$open")
        chmod o+rx ".$open"
    done
done
echo "$ids" | tee etc/subuid >etc/subgid
pivot_root . mnt
umount -l /mnt
cd "$checkout"
exec setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
"""
IDS = "nobody:100000:65536"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that is nobody's."""
    with TemporaryDirectory(dir="/var/tmp") as folder:
        shutil.chown(folder, "nobody", "nogroup")
        yield Path(folder)


def as_nobody(
    top: Path, *command: str | Path, ids: str = IDS, var: Path | str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout as nobody, who has these subordinate ids.

    ``top`` is mounted upon; the folder ``var`` is the checkout's of that name.
    """
    seen = (top, ids, CHECKOUT, sys.base_prefix, var)
    inside = ("unshare", "--mount", "sh", "-euc", AS_NOBODY, "as-nobody", *seen)
    return subprocess.run(
        (*inside, *command), capture_output=True, text=True, check=False, timeout=500
    )


BECOMES_ROOT = """
import os, sys
from tandem.errors import TandemError
from tandem.lab.rootless import go_where_we_are_root
try:
    go_where_we_are_root()
except TandemError as error:
    sys.exit(str(error))
os.chown(sys.argv[1], 105, 106)
print(os.geteuid(), os.stat(sys.argv[1]).st_uid)
"""


@pytest.mark.root
def test_nobody_is_root_of_a_namespace_with_the_accounts_that_a_machine_has(
    tmp_path: Path, place: Path
) -> None:
    (place / "file").touch()
    shutil.chown(place / "file", "nobody", "nogroup")
    done = as_nobody(tmp_path, sys.executable, "-c", BECOMES_ROOT, place / "file")
    assert (done.stdout, done.stderr) == ("0 105\n", "")
    # The first of the subordinate ids is account 1.
    assert (place / "file").stat().st_uid == 100000 + 105 - 1


@pytest.mark.root
def test_without_subordinate_ids_it_is_one_line(tmp_path: Path, place: Path) -> None:
    done = as_nobody(tmp_path, sys.executable, "-c", BECOMES_ROOT, place, ids="")
    assert done.stdout == ""
    assert done.stderr.startswith("the lab takes root, or a user namespace, which cannot be made: ")
    assert done.stderr.endswith("; sudo bin/fab lab:up does without\n")
    assert done.stderr.count("\n") == 1


MAKES_A_DISK = """
import subprocess, sys
from tandem.images.apart import apart
subprocess.run(apart(("sh", "-c", "chown 105 $0 && stat -c %u $0", sys.argv[1])))
"""


@pytest.mark.root
def test_what_is_made_apart_has_the_accounts_of_a_host(tmp_path: Path, place: Path) -> None:
    (place / "file").touch()
    shutil.chown(place / "file", "nobody", "nogroup")
    done = as_nobody(tmp_path, sys.executable, "-c", MAKES_A_DISK, place / "file")
    assert (done.stdout, done.stderr) == ("105\n", "")


OPERATES = """
fab() {
    task=$1
    shift
    bin/fab "lab:$task" --cluster=var/cluster.cfg "$@"
}
fab up --bare --memory=512 >&2
fab ssh:slave --command="stat -c %G /var/mail"
fab cut:service --machine=slave --direction=from
fab run --command="ping -qc 1 -W 2 10.0.0.12 >/dev/null || pwd"
fab slow:management --delay=90
fab heal
fab poweroff:slave
fab lossy-disk:slave >&2
fab status --json
fab down >&2
fab status || true
"""


@pytest.mark.lab
@pytest.mark.beside
@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
@pytest.mark.root
def test_nobody_operates_a_lab_by_its_commands(tmp_path: Path, place: Path) -> None:
    (place / "images").mkdir()
    shutil.copy(FILES["cluster"], place / "cluster.cfg")
    for made in IMAGES.glob("debian-*.tar"):
        shutil.copy(made, place / "images")
    for path in (place / "images", *place.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    before = left()
    done = as_nobody(tmp_path, "sh", "-euc", OPERATES, var=place)
    *lines, status = done.stdout.splitlines()
    assert lines == [
        "mail",
        "slave is mute on service",
        str(CHECKOUT),
        "management: 90 ms late, 5 % lost",
        "healed: slave is mute on service; management is slow",
        "slave is off",
    ], done.stderr
    assert [one["power"] for one in json.loads(status)["machines"]] == ["on", "on"]
    assert done.stderr.endswith("fab lab:up starts one\n")
    assert left() == before


@pytest.mark.root
def test_root_stays_what_it_is() -> None:
    program = BECOMES_ROOT.partition("os.chown")[0] + "print(os.readlink('/proc/self/ns/user'))"
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(Path("/proc/self/ns/user").readlink())
