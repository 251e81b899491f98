"""Going back to an earlier release, and what releases there are."""

from collections.abc import Mapping

from tandem.errors import TandemError
from tandem.rollout.facts import Facts
from tandem.rollout.step import Step
from tandem.rollout.survey import Survey
from tandem.rollout.switching import going_to


def before(facts: Facts) -> str:
    """The newest release that is older than the one that programs are started from; or nothing."""
    return max((name for name in facts.releases if name < facts.current), default="")


def rollback_of(seen: Survey, role: str, to: str = "") -> dict[str, tuple[Step, ...]]:
    """The steps that bring the hosts of a role to an earlier release: ``to``, or the one before.

    Raises TandemError where a host has no such release, before any host is touched.
    """
    hosts = {
        name: facts for name, facts in seen.known.items() if role in seen.cluster.hosts[name].roles
    }
    for name, facts in hosts.items():
        if not (to in facts.releases if to else before(facts)):
            lacks = f"no release {to}" if to else f"no release before {facts.current or 'any'}"
            raise TandemError(f"{name} has {lacks}: fab releases lists those there are")
    return {
        name: tuple(
            seen.noticed(step, name)
            for step in going_to(to or before(facts), seen.wanted[name], facts)
        )
        for name, facts in hosts.items()
    }


def releases_in(known: Mapping[str, Facts]) -> dict[str, dict[str, object]]:
    """Each release by its name, newest first: its origin, who has it and who starts it."""
    names = sorted({name for facts in known.values() for name in facts.releases}, reverse=True)
    return {
        name: {
            "origin": next(
                facts.releases[name].origin for facts in known.values() if name in facts.releases
            ),
            "there": sorted(host for host, facts in known.items() if name in facts.releases),
            "current": sorted(host for host, facts in known.items() if facts.current == name),
        }
        for name in names
    }
