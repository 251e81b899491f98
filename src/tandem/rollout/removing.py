"""What is no longer described: its files go, what they are of ends, and what it holds is kept."""

import shlex
from pathlib import PurePosixPath
from typing import Final

from tandem.rollout.facts import Facts
from tandem.rollout.step import Step
from tandem.rollout.volumes import Storage, setting_aside

VM_UNIT: Final = "tandem-vm-"

# A VM that does not listen is destroyed, as Heartbeat's own agent does it.
_XEN_ENDS: Final = """\
list=$(timeout 10 xl list)
if printf '%s\\n' "$list" | grep -q '^{0} '; then
    timeout 120 xl shutdown -w {0} || xl destroy {0}
fi"""


def removing(path: str, storage: Storage | None, facts: Facts) -> Step:
    """The step that removes a file, by its path without the first slash, and ends what it is of.

    The disk of a VM is set aside then: nothing would tell of it once the file is gone.
    """
    says = f"remove /{path}, which is no longer described"
    removed = f"rm -f /{shlex.quote(path)}"
    ending, does = _ending(path)
    if not ending:
        return Step(says, removed, removes=path)
    vm = _vm_of(path)
    does += "\n"
    says += f", and end {ending}"
    if storage and vm in facts.logical and vm not in {*storage.sizes, *facts.volumes}:
        does += setting_aside(storage, vm) + "\n"
        says += f"; its disk is kept as {vm}-TIME"
    return Step(says, does + removed, visitors=f"{ending} ends", removes=path)


def _ending(path: str) -> tuple[str, str]:
    """What ends with a file, and the POSIX shell that ends it; empty: nothing does."""
    name = PurePosixPath(path).name
    if _is_in("etc/systemd/system", path):
        return name, f"systemctl disable --now {shlex.quote(name)}"
    if _is_in("etc/drbd.d", path) and name.endswith(".res"):
        volume = name.removesuffix(".res")
        return f"the volume {volume}", f"drbdadm down {shlex.quote(volume)}"
    if _is_in("etc/xen/auto", path):
        return f"the VM {_vm_of(path)}", _XEN_ENDS.format(shlex.quote(_vm_of(path)))
    return "", ""


def _vm_of(path: str) -> str:
    """The VM that a file is of, which a boot starts; empty: it is of none."""
    name = PurePosixPath(path).name
    if _is_in("etc/systemd/system", path) and name.startswith(VM_UNIT):
        return name.removeprefix(VM_UNIT).removesuffix(".service")
    return name.removesuffix(".cfg") if _is_in("etc/xen/auto", path) else ""


def _is_in(folder: str, path: str) -> bool:
    return PurePosixPath(path).parent == PurePosixPath(folder)
