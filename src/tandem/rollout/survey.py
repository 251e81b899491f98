"""A look at the hosts that a command is about: what each is to have, has, and lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tandem.model import Cluster, Host
from tandem.rendering import Secrets
from tandem.rollout.facts import Facts
from tandem.rollout.order import active_of, hosts_of, lives_on, stages
from tandem.rollout.plan import Step, plan
from tandem.rollout.reading import at_once, read
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.together import standby_first
from tandem.rollout.wanted import Wanted, wanted_on


@dataclass(frozen=True)
class Survey:
    """What is wanted on hosts, and their facts, or why there are none."""

    cluster: Cluster
    machine: str
    """The machine that it is about, with its VMs; empty: all."""
    wanted: Mapping[str, Wanted]
    facts: Mapping[str, Facts | HostError]

    @cached_property
    def active(self) -> str:
        """The machine of the pair that serves."""
        return active_of(self.cluster, self.known)

    @cached_property
    def stages(self) -> tuple[tuple[Host, ...], ...]:
        """The hosts it is about, in the order in which they are changed."""
        return tuple(
            kept
            for stage in stages(self.cluster, self.active)
            if (kept := tuple(host for host in stage if self._is_about(host)))
        )

    def _is_about(self, host: Host) -> bool:
        return not self.machine or lives_on(host, self.machine, self.active)

    @cached_property
    def known(self) -> dict[str, Facts]:
        """The facts of the hosts that said what they have."""
        return {name: facts for name, facts in self.facts.items() if isinstance(facts, Facts)}

    @cached_property
    def plans(self) -> dict[str, tuple[Step, ...]]:
        """The steps of each of them."""
        return self._ordered[0]

    @cached_property
    def errors(self) -> dict[str, HostError]:
        """What stands in the way of planning for a host, in whole or in part."""
        about = (host.name for stage in self.stages for host in stage)
        silent = {name: error for name in about if isinstance(error := self.facts[name], HostError)}
        return silent | {name: HostError(name, why) for name, why in self._ordered[1].items()}

    @cached_property
    def _ordered(self) -> tuple[dict[str, tuple[Step, ...]], dict[str, str]]:
        alone = {
            host.name: plan(self.wanted[host.name], self.known[host.name])
            for stage in self.stages
            for host in stage
            if host.name in self.known
        }
        standby = next((name for name in self.cluster.pair if name != self.active), "")
        return standby_first(alone, self.known, (standby, self.active)) if standby else (alone, {})


def survey(cluster: Cluster, secrets: Secrets, source: str, machine: str = "") -> Survey:
    """Read the facts of a machine and its VMs, or of all; ``source`` names the description."""
    hosts = hosts_of(cluster, machine)
    wanted = {host.name: wanted_on(cluster, host, secrets, source) for host in hosts}

    def ask(host: Host) -> Facts:
        with Remote(host, cluster.ssh) as remote:
            return read(remote, cluster, wanted[host.name])

    return Survey(cluster, machine, wanted, at_once(hosts, ask))
