"""Bringing a lab up: what it takes of this computer, its machines, and when it is ready."""

import fcntl
import itertools
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tandem.drivers import hypervisor_of
from tandem.errors import TandemError
from tandem.images.cache import Tell, lock_of
from tandem.images.debian import debian
from tandem.lab.described import Described, as_operated, kept_in
from tandem.lab.images.base import MEMORY as BASE_MEMORY
from tandem.lab.images.base import base_of
from tandem.lab.images.mirror import mirror
from tandem.lab.images.provisioning import until
from tandem.lab.images.roots import INSTALLED
from tandem.lab.lab import Lab
from tandem.lab.layout import MIRROR_PORT, layout_of, mirror_at
from tandem.lab.machine import Hardware, Kind
from tandem.lab.namespace import Namespace, NoLabError, leashed
from tandem.lab.power import make_bmcs
from tandem.lab.ssh import Identity
from tandem.lab.uml import UserModeLinux
from tandem.model import Cluster
from tandem.rollout.packages import packages_for, packages_of_vms
from tandem.rollout.wheels import wheelhouse
from tandem.secrets import secrets_of

MEMORY: Final = 1536
"""How much memory a machine of the lab has, in MB, whatever the description says."""
_SPARE: Final = 1024
"""How much memory of this computer is left alone, in MB."""
_DISK: Final = 2_000
"""How much room on the disk a lab may take for what its machines write, in MB."""
_IMAGES: Final = 8_000
"""How much the making of all that is kept for labs may take, in MB."""
_NEEDS: Final = (
    *("apt-ftparchive", "eatmydata", "ip", "ipmi_sim", "mkfs.ext4", "mmdebstrap", "nbdkit"),
    *("nft", "nsenter", "qemu-storage-daemon", "socat", "ssh", "ssh-keygen", "unshare"),
)

DESCRIBED: Final = "described.json"
_BASE: Final = "base"
_KNOWN: Final = "known_hosts"


def described_for(file: Path, hypervisor: str = "", kind: Kind | None = None) -> Described:
    """What a lab is made of: a description, with another hypervisor if one is named."""
    changed = {name: dict(options) for name, options in (kind or UserModeLinux()).changed.items()}
    if hypervisor:
        changed["cluster"] = {"hypervisor": hypervisor}
    return Described(file.absolute(), changed)


@contextmanager
def lab_up(
    described: Described,
    folder: Path,
    images: Path,
    tell: Tell,
    *,
    kind: Kind | None = None,
    memory: int = MEMORY,
    bare: bool = False,
) -> Iterator[Lab]:
    """A lab with its machines up, and ready unless they are ``bare``.

    It ends with this process, or with the block, unless it is told to stay (``lab.stay()``).
    Raises TandemError.
    """
    kind = kind or UserModeLinux()
    cluster = described.cluster
    with _alone(folder, cluster.name):
        yield from _brought_up(described, folder, images, tell, kind, memory, bare)


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Nobody else brings a lab up in the folder meanwhile, nor runs one there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        if _runs(folder):
            raise TandemError(f"the lab of {name} runs already: fab lab:down ends it")
        if not alone:
            raise TandemError(f"somebody else brings up the lab of {name} just now")
        yield


def _runs(folder: Path) -> bool:
    try:
        Namespace(folder)
    except NoLabError:
        return False
    return True


def _brought_up(
    described: Described,
    folder: Path,
    images: Path,
    tell: Tell,
    kind: Kind,
    memory: int,
    bare: bool,
) -> Iterator[Lab]:
    cluster = described.cluster
    refuse_what_is_not_there(kind, images)
    if not bare and cluster.hypervisor not in kind.hypervisors:
        raise TandemError(
            f"the lab's machines cannot run {cluster.hypervisor}:"
            f" --hypervisor={kind.hypervisors[0]} brings up the same VMs without"
        )
    # What is in it is as secret as the cluster's machines.
    images.mkdir(parents=True, exist_ok=True)
    images.chmod(0o700)
    refuse_what_does_not_fit(len(cluster.nodes) * memory, _DISK, images)

    def refuse_the_making() -> None:
        refuse_what_does_not_fit(len(cluster.nodes) * max(memory, BASE_MEMORY), _IMAGES, images)

    base = base_of(described, kind, images, tell, bare=bare, making=refuse_the_making)
    shutil.rmtree(folder, ignore_errors=True)
    with leashed(folder) as namespace:
        described.keep(folder / DESCRIBED)
        # A roll-out to bare machines adds the VMs that it makes.
        identity = Identity(base.key, folder / _KNOWN)
        shutil.copy(base.identity.known_hosts, identity.known_hosts)
        way_in = {"key": str(identity.key), "known-hosts": str(identity.known_hosts)}
        operated = as_operated(described, images, way_in, kind.device(1))
        (folder / described.file.name).write_text(operated)
        (folder / _BASE).symlink_to(base.folder)
        namespace.ask("hold", file=str(lock_of(base.folder)))
        lab = Lab(cluster, kind, identity, namespace)
        layout = layout_of(cluster)
        lab.plug_in(
            Hardware(
                node.name, memory, base.disks_of(node.name, folder), layout.ports_of(node.name)
            )
            for node in cluster.nodes
        )
        passwords = secrets_of(cluster, images, make_missing=True).fence
        for bmc, command in make_bmcs(cluster, passwords, folder):
            namespace.ask("add", bmc, command=[str(word) for word in command])
            namespace.ask("on", bmc)
        if bare:
            _add_mirror(namespace, cluster, images, tell)
        tell(f"{', '.join(cluster.machines)} boot")
        for machine in cluster.machines:
            lab.poweron(machine)
        for machine in cluster.machines:
            lab.await_ssh(machine)
        if not bare:
            with _journals_of(lab):
                tell("the volumes connect, Heartbeat starts")
                await_pair(lab)
                tell("in sync, Heartbeat active on both; the services start")
                await_services(lab)
        yield lab


def _add_mirror(namespace: Namespace, cluster: Cluster, images: Path, tell: Tell) -> None:
    """Let bare machines have their packages, and what else a roll-out would fetch from elsewhere.

    In the lab, nothing can be fetched.
    """
    machines = [host for host in cluster.hosts.values() if host.machine]
    wanted = {one.name for host in machines for one in packages_for(cluster, host)}
    folder = mirror(INSTALLED, wanted, images, tell)
    if cluster.virtual:
        debian(packages_of_vms(cluster), images, tell)
    tell("the wheels")
    wheelhouse()
    served = ("-m", "http.server", "--directory", str(folder), "--bind", mirror_at(cluster))
    command = [sys.executable, *served, str(MIRROR_PORT)]
    namespace.ask("add", "mirror", command=command)
    namespace.ask("on", "mirror")


@contextmanager
def _journals_of(lab: Lab) -> Iterator[None]:
    """When the block fails, the machines' journals are kept: the lab is about to end."""
    try:
        yield
    except TandemError as error:
        kept = ", ".join(map(str, lab.keep_journals()))
        raise TandemError(f"{error.report()}\nwhat its machines noted is in {kept}") from None


def open_lab(folder: Path) -> Lab:
    """The lab that runs in a folder; raises NoLabError where none does."""
    namespace = Namespace(folder)
    base = (folder / _BASE).resolve()
    identity = Identity(base.parent / "lab-key", folder / _KNOWN)
    return Lab(kept_in(folder / DESCRIBED), UserModeLinux(), identity, namespace)


def restart(lab: Lab, machine: str, tell: Tell, *, lossy: bool) -> None:
    """Shut a machine down in good order, and start it with disks that are lossy, or not."""
    lab.host(machine)
    if lab.states()[machine] != "off":
        tell(f"{machine} shuts down")
        lab.shutdown(machine)
        lab.await_off(machine)
    lab.rebuild(machine, lossy=lossy)
    tell(f"{machine} boots")
    lab.poweron(machine)
    lab.await_ssh(machine)


def await_pair(lab: Lab, timeout: int = 120) -> None:
    """Wait until the pair's volumes are in sync and Heartbeat is active on both machines."""
    active = "".join(
        f" && cl_status nodestatus {name} | grep -qx active" for name in lab.cluster.pair
    )
    for machine in lab.cluster.pair:
        lab.run(machine, until(f"{{ {_IN_SYNC}{active}; }} 2>/dev/null", timeout), timeout + 30)


def await_services(lab: Lab, timeout: int = 180) -> None:
    """Wait until one machine of the pair runs what runs on one at a time."""
    units = " ".join(
        resource.removeprefix("tandem-unit::")
        for resource in hypervisor_of(lab.cluster).resources(lab.cluster)
        if resource.startswith("tandem-unit::")
    )
    deadline = time.monotonic() + timeout
    for machine in itertools.cycle(lab.cluster.pair):
        # systemctl is-active is content with one of several.
        asked = f"for unit in {units}; do systemctl is-active -q $unit || echo no; done"
        if lab.run(machine, asked) == "":
            return
        if time.monotonic() > deadline:
            raise TandemError(f"no machine runs {units} after {timeout} s")
        time.sleep(0.5)


_IN_SYNC: Final = (
    "drbdadm dstate all | grep -qx UpToDate/UpToDate"
    " && ! drbdadm dstate all | grep -qvx UpToDate/UpToDate"
)


def refuse_what_is_not_there(kind: Kind, images: Path) -> None:
    """Raise TandemError, in one line, where this computer has not what a lab is made of."""
    if os.geteuid() != 0:
        raise TandemError("this takes root; fab lab:up makes itself root of a user namespace")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [name for name in (*_NEEDS, *kind.needs) if not shutil.which(name, path=path)]
    if missing:
        raise TandemError(f"the lab needs {', '.join(missing)}: make lab installs it")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise TandemError("the lab needs /dev/net/tun: modprobe tun")
    if set(str(images)) & set(" ,:"):
        raise TandemError(
            f"{images}: its path is in User Mode Linux's way: expected none of space, comma, colon"
        )


def refuse_what_does_not_fit(memory: int, disk: int, images: Path) -> None:
    """Raise TandemError, in one line, where this computer is short of memory or room (MB)."""
    available = _available()
    if available < memory + _SPARE:
        raise TandemError(
            f"too little memory for the lab: its machines take {memory} MB, and {_SPARE} MB are to"
            f" be left, but {available} MB are available"
        )
    free = shutil.disk_usage(images).free // 1_000_000
    if free < disk:
        raise TandemError(
            f"too little room in {images}: the lab may take {disk} MB, and {free} MB are free"
        )


def _available() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    raise AssertionError("the kernel does not say MemAvailable")
