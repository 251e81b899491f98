"""What is drilled: faults of the lab, and the switchover, which any cluster can have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tandem.lab.faults import bad_disk, cut, fill, slow
from tandem.lab.lab import Lab

_LATER: Final = "systemd-run --quiet --on-active=60"
_KILL: Final = "systemctl kill --signal=KILL "


@dataclass(frozen=True)
class Place:
    """A lab, and which machine of the pair is the active one there and which the standby."""

    lab: Lab
    active: str
    standby: str


@dataclass(frozen=True)
class Fault:
    """A fault as a sentence about the machines, and what makes it.

    ``holds``: how long it takes at least until it has shown what it does, in seconds. ``stays``:
    the site takes no work before it is mended. ``virtual``: it is one of VMs.
    """

    says: str
    begin: Callable[[Place], None]
    holds: float = 0
    stays: bool = False
    virtual: bool = False


def _cut_off(*links: str) -> Callable[[Place], None]:
    """The active machine's cables to these are cut."""

    def begin(place: Place) -> None:
        for link in links:
            cut(place.lab, link, place.active)

    return begin


def _on(host: str, command: str) -> Callable[[Place], None]:
    """A command on a VM, or on the machine that is ``active``."""

    def begin(place: Place) -> None:
        place.lab.run(place.active if host == "active" else host, command)

    return begin


def _kill_a_client(place: Place) -> None:
    host, client = next(
        (vm.name, place.lab.cluster.clients_on(vm.name)[0])
        for vm in place.lab.cluster.vms
        if not vm.volume and place.active in {machine.name for machine in vm.machines}
    )
    place.lab.run(host, f"{_KILL}tandem-{client.name}")


def _fill(place: Place) -> None:
    fill(place.lab, "zeoserver")


def _both_off_and_on(place: Place) -> None:
    for machine in (place.active, place.standby):
        place.lab.poweroff(machine)
    for machine in (place.standby, place.active):
        place.lab.poweron(machine)


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "poweroff-active": Fault(
            "{active}, which serves, loses its power", lambda at: at.lab.poweroff(at.active)
        ),
        "poweroff-standby": Fault(
            "{standby}, which does not serve, loses its power",
            lambda at: at.lab.poweroff(at.standby),
        ),
        "poweroff-both": Fault("both lose their power, and get it back", _both_off_and_on),
        "freeze-active": Fault(
            "{active}, which serves, stands still", lambda at: at.lab.freeze(at.active)
        ),
        "freeze-standby": Fault(
            "{standby}, which does not serve, stands still", lambda at: at.lab.freeze(at.standby)
        ),
        "cut-replication": Fault("the replication link is cut", _cut_off("replication"), 30),
        "cut-service": Fault("{active} is cut off the service network", _cut_off("service"), 60),
        "cut-links": Fault(
            "{active} is cut off the service and the replication network",
            _cut_off("service", "replication"),
            60,
        ),
        "slow-replication": Fault(
            "the replication link is slow, and loses 5 % of all packets",
            lambda at: slow(at.lab, "replication", 50, 5),
            30,
        ),
        "kill-zeo": Fault(
            "the ZEO server is killed", _on("zeoserver", f"{_KILL}tandem-zeoserver"), virtual=True
        ),
        "kill-apache": Fault(
            "Apache is killed", _on("frontend", f"{_KILL}tandem-frontend"), virtual=True
        ),
        "kill-zeoserver": Fault(
            "the zeoserver's VM is killed",
            _on("active", f"{_KILL}tandem-vm-zeoserver"),
            virtual=True,
        ),
        "kill-frontend": Fault(
            "the frontend's VM is killed",
            _on("active", f"{_KILL}tandem-vm-frontend"),
            virtual=True,
        ),
        "hang-zeoserver": Fault(
            "the zeoserver's VM hangs",
            _on("active", "systemctl kill --signal=STOP tandem-vm-zeoserver"),
            virtual=True,
        ),
        "kill-client": Fault("a Plone client on {active} is killed", _kill_a_client, virtual=True),
        "kill-heartbeat": Fault(
            "Heartbeat on {active} is killed", _on("active", "pkill -KILL -f [h]eartbeat:"), 40
        ),
        "kill-sshd": Fault(
            "nobody is let into {active} by ssh any more",
            _on("active", f"{_LATER} systemctl start ssh && systemctl stop ssh"),
            70,
        ),
        "clock": Fault(
            "the clock of {active} is an hour ahead, for a minute",
            _on("active", f"{_LATER} date --set='-1 hour' && date --set='+1 hour'"),
            70,
        ),
        "fill-zeoserver": Fault("the data's disk is full", _fill, 20, stays=True),
        "bad-disk": Fault(
            "the disk under {active}'s data fails",
            lambda at: bad_disk(at.lab, at.active, "zeoserver"),
            20,
        ),
    }
)
"""The lab's, by their names."""

SWITCHOVER: Final = "switchover"
"""The one that is no fault: the other machine serves."""
