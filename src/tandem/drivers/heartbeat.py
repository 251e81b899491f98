"""Heartbeat 3 with haresources, which watches the pair's machines."""

from tandem.model import Cluster


class Heartbeat:
    """Heartbeat as Debian has it."""

    program = "heartbeat"

    def folders(self, cluster: Cluster) -> tuple[str, ...]:
        """The templates of the pair's machines."""
        fencing = {
            "ipmi": ("heartbeat/fencing", "heartbeat/ipmi"),
            "meatware": ("heartbeat/fencing",),
            "none": (),
        }
        return ("heartbeat/pair", *fencing[cluster.fencing])
