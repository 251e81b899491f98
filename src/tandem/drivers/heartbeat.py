"""Heartbeat 3 with haresources, which watches the pair's machines."""

from tandem.model import Cluster


class Heartbeat:
    """Heartbeat as Debian has it."""

    program = "heartbeat"

    watching = "tandem-unit::tandem-watch.service"
    """What watches the other resources, as in haresources: Heartbeat itself watches none."""

    giving = "/usr/share/heartbeat/hb_standby all"
    """The command that has the machine that serves hand over to the other, which must be there."""

    def taking(self, first: str) -> str:
        """The command that starts what does not run of the group that begins with a resource."""
        return f"/usr/share/heartbeat/ResourceManager takegroup {first}"

    def folders(self, cluster: Cluster) -> tuple[str, ...]:
        """The templates of the pair's machines."""
        fencing = {
            "ipmi": ("heartbeat/fencing", "heartbeat/ipmi"),
            "meatware": ("heartbeat/fencing",),
            "none": (),
        }
        return ("heartbeat/pair", *fencing[cluster.fencing])
