"""Going back to an earlier release, and what releases there are."""

from collections.abc import Mapping

from tandem.errors import TandemError
from tandem.rollout.facts import Facts
from tandem.rollout.step import Step
from tandem.rollout.survey import Survey
from tandem.rollout.switching import going_to


def before(hosts: Mapping[str, Facts]) -> str:
    """The newest release that all hosts have and that is older than what any starts; or nothing."""
    current = max((facts.current for facts in hosts.values()), default="")
    there = [set(facts.releases) for facts in hosts.values()]
    common = set.intersection(*there) if there else set()
    return max((name for name in common if name < current), default="")


def rollback_of(seen: Survey, role: str, to: str = "") -> dict[str, tuple[Step, ...]]:
    """The steps that bring the hosts of a role to an earlier release: ``to``, or the one before.

    Raises TandemError where a host has no such release, before any host is touched.
    """
    hosts = {
        name: facts for name, facts in seen.known.items() if role in seen.cluster.hosts[name].roles
    }
    target = to or before(hosts)
    if not target:
        raise TandemError(f"no earlier release is on every {role}: fab releases lists all")
    for name, facts in hosts.items():
        if target not in facts.releases:
            raise TandemError(f"{name} has no release {target}: fab releases lists all")
    return {
        name: tuple(seen.noticed(step, name) for step in going_to(target, seen.wanted[name], facts))
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
