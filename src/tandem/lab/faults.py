"""Faults made on purpose, and their end: links, disks. (The power is a matter of the machine.)"""

import json
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Final, Literal

from tandem.errors import TandemError
from tandem.lab.lab import Lab
from tandem.lab.network import Cut, Direction, cutting, slowing, speeding_up
from tandem.model import DATA

_NOTE: Final = "faults.json"
_FULL: Final = DATA
"""The folder whose disk is filled. On the frontend it is just a place on the VM's disk."""
_FILLER: Final = f"{_FULL}/filled-by-the-lab"
_FILLING: Final = f"""\
mkdir -p {_FULL}
block=$(stat -f -c %S {_FULL})
# Also what is kept for root. Blocks that are merely set aside cost no time.
size=$(stat -f -c %f {_FULL})
number=0
while [ "$size" -gt 64 ]; do
    number=$((number + 1))
    if fallocate -l $((size * block)) {_FILLER}.$number 2>/dev/null; then
        size=$(stat -f -c %f {_FULL})
    else
        rm -f {_FILLER}.$number
        size=$((size / 2))
    fi
done
cat /dev/zero >{_FILLER} 2>/dev/null
[ "$(stat -f -c %a {_FULL})" -eq 0 ]
"""
_EMPTYING: Final = f"rm -f {_FILLER} {_FILLER}.*"


@dataclass(frozen=True)
class Faults:
    """The faults that a lab has now."""

    cuts: tuple[Cut, ...] = ()
    slow: tuple[str, ...] = ()
    """Links."""
    full: tuple[str, ...] = ()
    """Hosts whose disk for the data is full."""
    bad: tuple[tuple[str, str], ...] = ()
    """Machines, and which of their volumes has a bad disk under it."""

    def sentences(self) -> tuple[str, ...]:
        """What the operator is to know."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        ways = {"both": "is cut", "to": "is deaf", "from": "is mute"}
        yield from (f"{cut.machine} {ways[cut.direction]} on {cut.link}" for cut in self.cuts)
        yield from (f"{link} is slow" for link in self.slow)
        yield from (f"{host}'s disk is full" for host in self.full)
        yield from (f"{machine}'s disk under {volume} is bad" for machine, volume in self.bad)


def faults_of(lab: Lab) -> Faults:
    """The faults that were made and not healed."""
    try:
        kept = json.loads((lab.folder / _NOTE).read_text())
    except FileNotFoundError:
        return Faults()
    return Faults(
        cuts=tuple(Cut(**cut) for cut in kept["cuts"]),
        slow=tuple(kept["slow"]),
        full=tuple(kept["full"]),
        bad=tuple((machine, volume) for machine, volume in kept["bad"]),
    )


def cut(lab: Lab, link: str, machine: str = "", direction: Direction = "both") -> None:
    """Cut a link, or one machine's cable to it alone, in one direction or both."""
    ports = [port for port in lab.layout.ports_on(link) if machine in ("", port.machine)]
    if not ports:
        raise TandemError(f"{machine or 'no machine'} is not on the link {link}")
    faults = faults_of(lab)
    new = [Cut(link, port.machine, direction) for port in ports]
    replaced = {(one.link, one.machine) for one in new}
    others = [one for one in faults.cuts if (one.link, one.machine) not in replaced]
    _cut(lab, replace(faults, cuts=(*others, *new)))


def _cut(lab: Lab, faults: Faults) -> None:
    lab.namespace.run(("nft", "-f", "-"), cutting(lab.layout, faults.cuts))
    _keep(lab, faults)


def slow(lab: Lab, link: str, delay: float, loss: float) -> None:
    """Have what the machines send on a link come late (ms), or never (%)."""
    _note(lab, "slow", link)
    for port in lab.layout.ports_on(link):
        if lab.states()[port.machine] == "on":
            lab.run(port.machine, slowing(port, delay, loss))


def fill(lab: Lab, role: str) -> str:
    """Fill the disk on which a role's host keeps what is its own, to the last byte; which host."""
    host = role
    if not lab.cluster.virtual:
        host = next(filter(partial(_has_the_data, lab), lab.cluster.pair), "")
        if not host:
            raise TandemError(f"no machine has {DATA} mounted: nothing runs that could fill it")
    _note(lab, "full", host)
    lab.run(host, _FILLING)
    return host


def _has_the_data(lab: Lab, machine: str) -> bool:
    if lab.states()[machine] != "on":
        return False
    return "yes" in lab.run(machine, f"! mountpoint -q {DATA} || echo yes")


def bad_disk(lab: Lab, machine: str, volume: str) -> None:
    """Have every access to the disk under a machine's volume fail."""
    device = _mapped(lab, machine, volume)
    lab.run(machine, f"test -b {device}")
    _note(lab, "bad", (machine, volume))
    lab.run(
        machine,
        f"set -e; size=$(blockdev --getsz {device});"
        # Without waiting for what is under way, or it would wait for what a bad disk never does.
        f" dmsetup suspend --noflush --nolockfs {device};"
        f' dmsetup load {device} --table "0 $size error"; dmsetup resume {device}',
    )


def heal(lab: Lab) -> tuple[str, ...]:
    """End all faults of links and disks; the faults that could not be ended, as sentences."""
    faults = faults_of(lab)
    if faults.cuts:
        _cut(lab, replace(faults, cuts=()))
    # A machine that is started again has forgotten its slow links and bad disks.
    awake = {machine for machine, state in lab.states().items() if state != "off"}
    left = Faults(
        slow=tuple(link for link in faults.slow if not _speed_up(lab, link, awake)),
        full=tuple(host for host in faults.full if not _done(lab, host, _EMPTYING)),
        bad=tuple(one for one in faults.bad if one[0] in awake and not _mend(lab, *one)),
    )
    _keep(lab, left)
    return left.sentences()


def _speed_up(lab: Lab, link: str, awake: Container[str]) -> bool:
    ports = [port for port in lab.layout.ports_on(link) if port.machine in awake]
    done = [_done(lab, port.machine, speeding_up(port)) for port in ports]
    return all(done)


def _mend(lab: Lab, machine: str, volume: str) -> bool:
    """Give the volume its disk back, which DRBD may have given up meanwhile."""
    group = lab.cluster.named_nodes[machine].volume_group
    mending = f"lvchange --refresh {group}/{volume}"
    if volume in [one.name for one in lab.cluster.volumes]:
        attached = f"drbdadm dstate {volume} | grep -qv ^Diskless"
        mending += f" && {{ {attached} || drbdadm attach {volume}; }}"
    return _done(lab, machine, mending)


def _done(lab: Lab, host: str, command: str) -> bool:
    """Tell whether a command was done on a host, which may not be there."""
    try:
        lab.run(host, command, timeout=20)
    except TandemError:
        return False
    return True


def _mapped(lab: Lab, machine: str, volume: str) -> str:
    # LVM doubles the dashes within a name.
    group = lab.cluster.named_nodes[machine].volume_group
    return f"/dev/mapper/{group.replace('-', '--')}-{volume.replace('-', '--')}"


def _note(lab: Lab, kind: Literal["slow", "full", "bad"], fault: object) -> None:
    """Keep one more fault in mind, before it is made: it may be made by half."""
    faults = faults_of(lab)
    _keep(lab, replace(faults, **{kind: tuple(sorted({*getattr(faults, kind), fault}))}))


def _keep(lab: Lab, faults: Faults) -> None:
    lab.keep(_NOTE, asdict(faults))
