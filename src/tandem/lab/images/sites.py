"""The Plone sites of a lab: made on this computer, at its own speed, in the zeoserver's root."""

import subprocess
from pathlib import Path
from typing import Final

from tandem import secrets
from tandem.errors import TandemError
from tandem.images.apart import running, surroundings
from tandem.images.cache import Tell
from tandem.local import sites
from tandem.local.stack import Stack
from tandem.model import CURRENT, DATA, VAR, Cluster
from tandem.rendering import CHECKOUT

_ACCOUNT: Final = "tandem"
_MAKE_SITES: Final = CURRENT / "src/tandem/plone/sites.py"
_ADMIN: Final = "/run/admin"

# What the ZEO server and the client write beside the data, and the password, lie in memory.
_MAKING: Final = f"""\
zeoserver=$1 zeoclient=$2 address=$3 port=$4
shift 4
ip link set lo up
ip address add "$address/32" dev lo
for root in "$zeoserver" "$zeoclient"; do
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    # Others may not write there: where fs.protected_regular is 2, as Debian sets it, not even root
    # could write into files of theirs otherwise (sysctl/fs of the kernel's documentation).
    mount -t tmpfs -o mode=0755 tmpfs "$root/run"
    mkdir -p "$root{VAR}"
    mount -t tmpfs -o mode=0755 tmpfs "$root{VAR}"
    chroot "$root" install -d -o {_ACCOUNT} \\
        {VAR} {VAR}/log {VAR}/cache {VAR}/blobcache {VAR}/zeoclient1
done
chroot "$zeoserver" install -d -o {_ACCOUNT} -g {_ACCOUNT} -m 0700 \\
    {DATA} {DATA}/filestorage {DATA}/blobstorage
chroot "$zeoclient" install -o {_ACCOUNT} -m 0400 /dev/null {_ADMIN}
cat >"$zeoclient{_ADMIN}"

chroot --userspec={_ACCOUNT} "$zeoserver" {CURRENT}/parts/zeoserver/bin/runzeo &
zeo=$!
until ss -Hltn "src $address" | grep -q ":$port "; do
    kill -0 "$zeo"
    sleep 0.1
done
chroot --userspec={_ACCOUNT} "$zeoclient" \\
    {CURRENT}/bin/zeoclient1 run {_MAKE_SITES} {_ADMIN} "$@"
kill -TERM "$zeo"
wait "$zeo"
"""


def make_sites(cluster: Cluster, zeoserver: Path, zeoclient: Path, tell: Tell) -> None:
    """Make Zope's admin and the sites of the description in the data of a zeoserver.

    Both are roots of hosts of the cluster, with their software; they may be the same one. The
    admin has the password of this computer's stack, which is made on first use. Takes root. Raises
    TandemError.
    """
    stack = Stack(CHECKOUT, cluster)
    secrets.make(stack.password_file)
    wanted = sites.wanted(stack)
    tell(f"making {', '.join(wanted.paths)}")
    address, port = cluster.zeoserver.address, str(cluster.ports.zeoserver)
    told = (address, port, str(wanted.freshness), *wanted.paths)
    command = ("sh", "-euc", _MAKING, "making", str(zeoserver), str(zeoclient), *told)
    with running(
        command,
        network=False,
        env=surroundings(HOME="/tmp"),  # noqa: S108  # memory, and in these roots only
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        said, _ = process.communicate(stack.password_file.read_bytes())
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise TandemError(f"making {', '.join(wanted.paths)} failed: {lines[-1]}")
