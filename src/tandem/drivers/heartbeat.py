"""Heartbeat 3 with haresources, which watches the pair's machines."""

from collections.abc import Mapping
from typing import Final

from tandem.model import Cluster

WATCH: Final = "tandem-watch.service"
"""The unit that watches what Heartbeat has started."""


class Heartbeat:
    """Heartbeat as Debian has it."""

    program = "heartbeat"

    giving = """\
for try in 1 2 3; do
    /usr/share/heartbeat/hb_standby all
    for second in 1 2 3 4 5 6 7 8 9 10; do
        case $(cl_status rscstatus) in transition | none) exit 0 ;; esac
        sleep 1
    done
done
echo "Heartbeat does not hand over: journalctl -u heartbeat says why" >&2
exit 1"""
    """The POSIX shell that has the machine that serves hand over to the other, which must be there.

    Under load Heartbeat has lost what it was asked ("Message with zero fields").
    """

    starting_alone = """\
touch /run/tandem-alone
systemctl stop heartbeat
systemctl start heartbeat
rm -f /run/tandem-alone"""
    """The POSIX shell that has this machine serve without having seen its peer since it booted.

    It does once ``initdead`` is over.
    """

    def taking(self, first: str) -> str:
        """The POSIX shell that starts what does not run of the group with this first resource."""
        return f"""\
/usr/share/heartbeat/ResourceManager takegroup {first} && exit 0
echo "it did not start, and Heartbeat has ended all of it: journalctl -u heartbeat says why" >&2
exit 1"""

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
