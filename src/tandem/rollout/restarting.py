"""Starting all Plone clients anew: whose turn it is when, and what visitors notice."""

from tandem.rollout.order import lives_on
from tandem.rollout.rolling import noticed
from tandem.rollout.step import Step
from tandem.rollout.survey import Survey


def turns_of(seen: Survey, machine: str = "") -> dict[str, tuple[Step, ...]]:
    """A step for each Plone client of a machine and its VMs, or of all; by host.

    The survey is of all hosts: a client can leave without anybody's notice only where another is
    ready.
    """
    return {
        host: tuple(
            Step(turn.says, turn.does, visitors=noticed(host, turn.unit, seen.clients))
            for turn in seen.wanted[host].turns.values()
        )
        for host in seen.known
        if not machine or lives_on(seen.cluster.hosts[host], machine, seen.active)
    }
