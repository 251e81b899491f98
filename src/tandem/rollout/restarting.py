"""Starting all Plone clients anew: whose turn it is when, and what visitors notice."""

from tandem.rollout.order import lives_on
from tandem.rollout.plan import Step
from tandem.rollout.survey import Survey


def turns_of(seen: Survey, machine: str = "") -> dict[str, tuple[Step, ...]]:
    """A step for each Plone client of a machine and its VMs, or of all; by host.

    The survey is of all hosts: a client can leave without anybody's notice only where another is
    ready.
    """
    known = seen.known
    ready = {
        (host, unit)
        for host, facts in known.items()
        for unit, said in facts.clients.items()
        if said == "ready"
    }
    return {
        host: tuple(
            Step(turn.says, turn.does, visitors="" if ready - {(host, turn.unit)} else _ALONE)
            for turn in seen.wanted[host].turns.values()
        )
        for host in known
        if not machine or lives_on(seen.cluster.hosts[host], machine, seen.active)
    }


_ALONE = "requests wait until the client is ready, as no other is"
