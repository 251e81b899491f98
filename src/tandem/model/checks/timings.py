"""Times and rates that the manuals of Heartbeat and DRBD rule out."""

from collections.abc import Iterator

from tandem.model.cluster import Cluster
from tandem.model.fault import Fault


def _heartbeats_times_are_in_order(cluster: Cluster) -> Iterator[Fault]:
    beat = cluster.heartbeat
    if beat.warntime < 2 * beat.keepalive:
        yield Fault(
            "heartbeat",
            "warntime",
            f"{beat.warntime:g} s warns of a single lost heartbeat: expected at least twice"
            f" keepalive, {2 * beat.keepalive:g} s",
        )
    if beat.deadtime <= beat.warntime:
        yield Fault(
            "heartbeat",
            "deadtime",
            f"{beat.deadtime:g} s comes before the warning: expected more than warntime,"
            f" {beat.warntime:g} s",
        )
    # "It should be at least twice the normal dead time": Heartbeat's own ha.cf.
    if beat.initdead < 2 * beat.deadtime:
        yield Fault(
            "heartbeat",
            "initdead",
            f"{beat.initdead:g} s is too short for a start: expected at least twice deadtime,"
            f" {2 * beat.deadtime:g} s",
        )


def _drbd_sees_a_death_before_heartbeat(cluster: Cluster) -> Iterator[Fault]:
    drbd, deadtime = cluster.drbd, cluster.heartbeat.deadtime
    seen = drbd.ping_int + drbd.ping_timeout
    # Otherwise a volume still waits for the dead machine when it is to be made primary.
    if seen >= deadtime:
        yield Fault(
            "heartbeat",
            "deadtime",
            f"{deadtime:g} s is over before DRBD has seen that its peer is gone: expected more than"
            f" ping-int + ping-timeout, {seen:g} s",
        )
    # drbd.conf(5), timeout: "This must be lower than connect-int and ping-int."
    for name, value in (("connect-int", drbd.connect_int), ("ping-int", drbd.ping_int)):
        if drbd.timeout >= value:
            yield Fault(
                "drbd", "timeout", f"{drbd.timeout:g} s: expected less than {name}, {value} s"
            )


def _a_resync_has_a_rate_that_drbd_takes(cluster: Cluster) -> Iterator[Fault]:
    rate = cluster.drbd.c_max_rate
    # From the c-min-rate of the template to the most that drbd.conf(5) allows.
    if not 4 <= rate <= 4096:
        yield Fault("drbd", "c-max-rate", f"{rate}M: expected from 4M to 4G in a second")


RULES = (
    _heartbeats_times_are_in_order,
    _drbd_sees_a_death_before_heartbeat,
    _a_resync_has_a_rate_that_drbd_takes,
)
