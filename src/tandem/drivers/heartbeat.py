"""Heartbeat 3 with haresources, which watches the pair's machines."""

from collections.abc import Mapping
from typing import Final

from tandem.model import Cluster

WATCH: Final = "tandem-watch.service"
"""The unit that watches what Heartbeat has started."""


class Heartbeat:
    """Heartbeat as Debian has it."""

    program = "heartbeat"

    giving = "/usr/share/heartbeat/hb_standby all"
    """The command that has the machine that serves hand over to the other, which must be there."""

    def taking(self, first: str) -> str:
        """The command that starts what does not run of the group that begins with a resource."""
        return f"/usr/share/heartbeat/ResourceManager takegroup {first}"

    def watching(self, watched: Mapping[str, str]) -> tuple[str, ...]:
        """What watches some of the resources, as in haresources: Heartbeat itself watches none."""
        return (f"tandem-unit::{WATCH}",) if watched else ()

    def folders(self, cluster: Cluster, watched: Mapping[str, str]) -> tuple[str, ...]:
        """The templates of the pair's machines."""
        fencing = {
            "ipmi": ("heartbeat/fencing", "heartbeat/ipmi"),
            "meatware": ("heartbeat/fencing",),
            "none": (),
        }
        watch = ("heartbeat/watch",) if watched else ()
        return ("heartbeat/pair", *watch, *fencing[cluster.fencing])
