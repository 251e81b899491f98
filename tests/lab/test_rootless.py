"""The lab of somebody who is not root: real user namespaces, in the account of nobody."""

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
from tests.lab.asroot import as_root

AS_NOBODY = """\
top=$1 ids=$2 checkout=$3 python=$4
shift 4
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" none "$top/root"
cd "$top/root"
mkdir -p ".$checkout"
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
    top: Path, program: str, *arguments: str | Path, ids: str = IDS
) -> subprocess.CompletedProcess[str]:
    """Run a Python program as nobody, who has these subordinate ids; ``top`` is mounted upon."""
    inside = ("unshare", "--mount", "sh", "-euc", AS_NOBODY, "as-nobody", top, ids)
    python = (sys.executable, "-c", program, *arguments)
    command = (*inside, CHECKOUT, sys.base_prefix, *python)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


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


@as_root
def test_nobody_is_root_of_a_namespace_with_the_accounts_that_a_machine_has(
    tmp_path: Path, place: Path
) -> None:
    (place / "file").touch()
    shutil.chown(place / "file", "nobody", "nogroup")
    done = as_nobody(tmp_path, BECOMES_ROOT, place / "file")
    assert (done.stdout, done.stderr) == ("0 105\n", "")
    # The first of the subordinate ids is account 1.
    assert (place / "file").stat().st_uid == 100000 + 105 - 1


@as_root
def test_without_subordinate_ids_it_is_one_line(tmp_path: Path, place: Path) -> None:
    done = as_nobody(tmp_path, BECOMES_ROOT, place, ids="")
    assert done.stdout == ""
    assert done.stderr.startswith("the lab takes root, or a user namespace, which cannot be made: ")
    assert done.stderr.endswith("; sudo bin/fab lab:up does without\n")
    assert done.stderr.count("\n") == 1


BRINGS_A_LAB_UP = """
import os, sys
from pathlib import Path
from tandem.lab.rootless import go_where_we_are_root
go_where_we_are_root()
from tandem.lab import faults
from tandem.lab.starting import described_for, lab_up
description, place = map(Path, sys.argv[1:])
tell = lambda line: print(line, file=sys.stderr)
with lab_up(described_for(description), place / "lab", place, tell, memory=512, bare=True) as lab:
    print(lab.run("slave", "stat -c %G /var/mail"), end="")
    faults.cut(lab, "service", "slave", "from")
    print(lab.run("master", "ping -qc 1 -W 2 10.0.0.12 >/dev/null || echo deaf"), end="")
    lab.poweroff("slave")
    print(lab.states()["slave"])
"""


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
@as_root
def test_nobody_brings_machines_up_and_cuts_cables_and_the_power(
    tmp_path: Path, place: Path
) -> None:
    for made in IMAGES.glob("debian-*.tar"):
        shutil.copy(made, place)
        shutil.chown(place / made.name, "nobody", "nogroup")
    done = as_nobody(tmp_path, BRINGS_A_LAB_UP, FILES["cluster"], place)
    assert done.stdout == "mail\ndeaf\noff\n", done.stderr


@as_root
def test_root_stays_what_it_is() -> None:
    program = BECOMES_ROOT.partition("os.chown")[0] + "print(os.readlink('/proc/self/ns/user'))"
    done = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(Path("/proc/self/ns/user").readlink())
