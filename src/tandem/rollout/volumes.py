"""The LVM volumes of a machine: made once, the two sides of a replicated one alike, and filled.

A volume that Tandem makes carries LVM tags until it is filled. Each step looks for the tag that it
needs before it writes to a volume; whatever else a volume holds, it holds for good.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tandem.model import Cluster, Machine
from tandem.rollout.facts import Facts
from tandem.rollout.step import Content, Phase, Step

NEW: Final = "tandem.new"
"""The tag of a volume that is not yet filled."""

RAW: Final = "tandem.raw"
"""The tag of a replicated one besides, until it has DRBD's metadata."""

BLANK: Final = "tandem.blank"
"""The tag of a replicated one that is zero, or was, and is not fetched from the other side."""

EXTENT: Final = 4
"""What LVM hands out at the least, in MB (vgcreate(8))."""

UNFINISHED: Final = "tandem-new"
"""The label of a file system on it, until all is there."""


@dataclass(frozen=True)
class Storage:
    """The volumes that a machine is to have.

    ``disk`` is that of which the volume group is made where there is none; ``sizes`` (MB) has the
    volumes by their names. ``leads``: of the pair's machines the one that fills replicated volumes;
    ``fetches``: the other side has them already.
    ``content`` says what is put on a volume, by its name; it is asked only for new ones.
    """

    group: str
    disk: str
    sizes: Mapping[str, int]
    replicated: tuple[str, ...]
    leads: bool
    content: Callable[[str], "Filling"]
    fetches: bool = False

    def path(self, name: str) -> str:
        """The block device of a volume."""
        return f"/dev/{self.group}/{name}"


@dataclass(frozen=True)
class Filling:
    """What is put on a new volume: POSIX shell that does it in ``$root``, and what it is sent.

    ``before`` are steps without which it cannot be done.
    """

    does: str
    sends: Content | None = None
    before: tuple[Step, ...] = ()


def sizes_of(cluster: Cluster, machine: Machine) -> dict[str, int]:
    """The LVM volumes of a machine, by name, and their sizes (MB)."""
    if cluster.virtual:
        return {vm.name: vm.sizes.disk for vm in cluster.vms_on(machine)}
    if cluster.peer_of(machine):
        return {volume.name: volume.size for volume in cluster.volumes}
    return {}


def making(storage: Storage, facts: Facts) -> Iterator[Step]:
    """The steps until all volumes are there; those that will be replicated are zero."""
    if storage.sizes and storage.group not in facts.groups:
        yield _group(storage)
    needed = sum(
        -(-size // EXTENT) * EXTENT
        for name, size in storage.sizes.items()
        if name not in facts.logical
    )
    if needed > (free := facts.groups.get(storage.group, needed)):
        yield _failing(
            f"find {needed} MB for new volumes in {storage.group}, which has {free} MB left",
            f"{storage.group} has {free} MB left, and new volumes take {needed} MB:"
            " give it another disk (vgextend), or make disks smaller in the description",
        )
    for name, size in storage.sizes.items():
        if _raw(name, facts):
            zero = ", all zero" if name in storage.replicated else ""
            says = f"make the volume {name}, {size} MB{zero}"
            yield Step(says, _making(storage, name), phase=Phase.AHEAD)


def joining(storage: Storage, facts: Facts) -> Iterator[Step]:
    """The steps until DRBD can take new volumes; its configuration is there."""
    for name in storage.replicated:
        if _raw(name, facts):
            yield Step(f"make DRBD's metadata on {name}", _joining(storage, name))


def _raw(name: str, facts: Facts) -> bool:
    return name not in facts.logical or RAW in facts.logical[name]


def filling(storage: Storage, facts: Facts) -> Iterator[Step]:
    """The steps that fill new volumes, and have both sides of replicated ones agree first.

    Where the other side has a volume already, it is fetched from there.
    """
    fresh = [name for name in storage.sizes if NEW in facts.logical.get(name, NEW)]
    ours = [name for name in fresh if name not in storage.replicated or storage.leads]
    for name in ours:
        state = facts.volumes.get(name)
        if name in storage.replicated and not (state and state.well):
            says = f"have both sides of {name} agree that they are the same"
            yield Step(says, _agreeing(storage, name))
    contents = {name: storage.content(name) for name in ours}
    yield from dict.fromkeys(step for content in contents.values() for step in content.before)
    for name, content in contents.items():
        yield Step(f"fill {name}", _filling(storage, name, content), sends=content.sends)
    for name in fresh:
        if name not in ours:
            says = f"keep {name} as the other side has it"
            yield Step(says, _kept(storage, name), phase=Phase.LAST)


def setting_aside(storage: Storage, name: str) -> str:
    """The POSIX shell that keeps the disk of a VM that is no more, its name free for another."""
    disk = storage.path(name)
    return f"""if lvs {storage.group}/{name} >/dev/null 2>&1; then
    ! findmnt --noheadings --source {disk} >/dev/null || umount {disk}
    lvrename -qq {storage.group}/{name} {name}-$started
fi"""


def _failing(says: str, why: str) -> Step:
    """What only the operator can do."""
    return Step(says, f"echo {shlex.quote(why)} >&2; exit 1", phase=Phase.AHEAD)


def _group(storage: Storage) -> Step:
    if not storage.disk:
        return _failing(
            f"find the volume group {storage.group}",
            f"there is no volume group {storage.group}:"
            " make it, or name the disk that it is made of as volume-disk",
        )
    return Step(
        f"make the volume group {storage.group} of {storage.disk}",
        f"""disk={storage.disk}
[ -b "$disk" ] || {{ echo "there is no $disk: expected an empty disk" >&2; exit 1; }}
found=$(wipefs --no-act --noheadings "$disk")
if [ -n "$found" ]; then
    echo "$disk holds something: expected an empty disk; wipefs $disk says what it holds" >&2
    exit 1
fi
vgcreate -qq {storage.group} "$disk\"""",
        phase=Phase.AHEAD,
    )


def _tagged(storage: Storage, name: str, tag: str) -> str:
    """Ends where a volume has not the tag that says that it may be written to."""
    volume = f"{storage.group}/{name}"
    return f"""tags=$(lvs --noheadings --options lv_tags {volume})
case ",${{tags##* }}," in
*,{tag},*) ;;
*)
    echo "{volume} may hold something, as it is not tagged {tag}: it is left as it is" >&2
    exit 1
    ;;
esac"""


def _making(storage: Storage, name: str) -> str:
    volume = f"{storage.group}/{name}"
    tags = [NEW]
    if name in storage.replicated:
        tags += [RAW] if storage.fetches else [RAW, BLANK]
    tagged = " ".join(f"--addtag {tag}" for tag in tags)
    made = f"""if ! lvs {volume} >/dev/null 2>&1; then
    lvcreate -qq -y -W y -Z y -L {storage.sizes[name]}M {tagged} -n {name} {storage.group}
fi"""
    if name not in storage.replicated:
        return made
    # Two sides that are both zero need no first sync. Reading is faster than writing.
    return f"""{made}
{_tagged(storage, name, RAW)}
python3 -c '{_ZERO}' {storage.path(name)} ||
    blkdiscard --force --zeroout {storage.path(name)}"""


def _joining(storage: Storage, name: str) -> str:
    volume = f"{storage.group}/{name}"
    fetched = f" --deltag {BLANK}" if storage.fetches else ""
    return f"""{_tagged(storage, name, RAW)}
drbdadm create-md --force {name}
lvchange -qq --deltag {RAW}{fetched} {volume}
! systemctl --quiet is-active drbd.service || drbdadm adjust {name}"""


_ZERO: Final = """\
import os, sys
device = os.open(sys.argv[1], os.O_RDONLY)
zero = bytes(4 << 20)
while piece := os.read(device, len(zero)):
    if piece != zero[: len(piece)]:
        sys.exit(1)
"""
"""Python that succeeds where a block device holds nothing but zeros; python3-minimal does."""


def _agreeing(storage: Storage, name: str) -> str:
    return f"""{_tagged(storage, name, BLANK)}
tries=120
until [ "$(drbdadm cstate {name})" = Connected ]; do
    tries=$((tries - 1))
    if [ $tries -eq 0 ]; then
        echo "{name} finds no other side: deploy the other machine of the pair first" >&2
        exit 1
    fi
    sleep 0.5
done
case $(drbdadm dstate {name}) in
Inconsistent/Inconsistent) drbdadm new-current-uuid --clear-bitmap {name}/0 ;;
UpToDate/UpToDate) ;;
*)
    echo "{name} is $(drbdadm dstate {name}): expected two new sides" >&2
    exit 1
    ;;
esac
tries=60
until [ "$(drbdadm dstate {name})" = UpToDate/UpToDate ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || {{ echo "{name} is $(drbdadm dstate {name})" >&2; exit 1; }}
    sleep 0.5
done"""


def _filling(storage: Storage, name: str, content: Filling) -> str:
    volume = f"{storage.group}/{name}"
    if name not in storage.replicated:
        return f"""{_tagged(storage, name, NEW)}
disk={storage.path(name)}
{_put(content, name)}
lvchange -qq --deltag {NEW} {volume}"""
    return f"""{_tagged(storage, name, BLANK)}
disk=/dev/drbd/by-res/{name}/0
drbdadm primary {name}
{_put(content, name)}
drbdadm secondary {name}
lvchange -qq --deltag {BLANK} --deltag {NEW} {volume}"""


def _put(content: Filling, name: str) -> str:
    return f"""root=/var/lib/tandem/filling
mkdir -p $root
! mountpoint -q $root || umount $root
label=$(e2label $disk 2>/dev/null || true)
case $label in
{_label(name)}) ;;
'' | {UNFINISHED})
    mkfs.ext4 -q -F -L {UNFINISHED} $disk
    mount $disk $root
{content.does}
    umount $root
    e2label $disk {_label(name)}
    ;;
*)
    echo "$disk holds a file system called $label, and is left as it is" >&2
    exit 1
    ;;
esac
rmdir $root"""


def _label(name: str) -> str:
    """What the file system is called in the end; ext4 takes 16 characters."""
    return name[:16]


def _kept(storage: Storage, name: str) -> str:
    volume = f"{storage.group}/{name}"
    return f"""tags=$(lvs --noheadings --options lv_tags {volume})
tries=1200
until [ "$(drbdadm dstate {name})" = UpToDate/UpToDate ]; do
    tries=$((tries - 1))
    case ",${{tags##* }}," in *,{BLANK},*) tries=0 ;; esac
    if [ $tries -le 0 ]; then
        echo "{name} is $(drbdadm dstate {name}), not what the other side has: try later" >&2
        exit 1
    fi
    sleep 0.5
done
case ",${{tags##* }}," in
*,{BLANK},*)
    # DRBD writes below what the kernel has cached of it.
    blockdev --flushbufs {storage.path(name)}
    label=$(e2label {storage.path(name)} 2>/dev/null || true)
    if [ -z "$label" ] || [ "$label" = {UNFINISHED} ]; then
        echo "{name} is not filled yet: deploy the other machine of the pair" >&2
        exit 1
    fi
    ;;
esac
lvchange -qq --deltag {BLANK} --deltag {NEW} {volume}"""
