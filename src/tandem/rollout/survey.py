"""A look at the hosts that a command is about: what each is to have, has, and lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tandem.model import Cluster, Host
from tandem.rendering import Secrets
from tandem.rollout.facts import Facts
from tandem.rollout.held import Allowed, allowed
from tandem.rollout.order import active_of, concerns, hosts_of, stages
from tandem.rollout.plan import plan
from tandem.rollout.reading import at_once, read
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.rolling import Turn, noticed
from tandem.rollout.step import Phase, Step
from tandem.rollout.vmdisks import OwnFiles
from tandem.rollout.volumes import BLANK
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
        return concerns(self.cluster, host, self.machine, self.active)

    @cached_property
    def known(self) -> dict[str, Facts]:
        """The facts of the hosts that said what they have."""
        return {name: facts for name, facts in self.facts.items() if isinstance(facts, Facts)}

    @cached_property
    def plans(self) -> dict[str, tuple[Step, ...]]:
        """The steps of each of them that may be done."""
        return {name: one.steps for name, one in self._allowed.items()}

    @cached_property
    def made_by(self) -> dict[str, tuple[str, ...]]:
        """The VMs whose disks the plans make, by the machines that make them."""
        made = {
            name: tuple(step.sends.host for step in steps if isinstance(step.sends, OwnFiles))
            for name, steps in self.plans.items()
        }
        return {name: vms for name, vms in made.items() if vms}

    @property
    def coming(self) -> tuple[str, ...]:
        """All of these: what is to be done on them is known once they are there."""
        return tuple(vm for vms in self.made_by.values() for vm in vms)

    @property
    def plans_before_they_come(self) -> dict[str, tuple[Step, ...]]:
        """The plans without what is started last on VMs, while any of those is still to come.

        A Plone client waits for the ZEO server; what is left is planned anew once they are there.
        """
        if not self.coming:
            return self.plans
        return {
            name: steps
            if self.cluster.hosts[name].machine
            else tuple(step for step in steps if step.phase is not Phase.LAST)
            for name, steps in self.plans.items()
        }

    def foreseen(self, name: str) -> tuple[Step, ...]:
        """What will be done on one of those, whose disk has its Debian packages and no more."""
        wanted = self.wanted[name]
        return plan(wanted, Facts(packages=frozenset(one.name for one in wanted.packages)))

    @cached_property
    def errors(self) -> dict[str, HostError]:
        """What stands in the way of planning for a host, in whole or in part."""
        silent = {
            name: error
            for name in self._about
            if isinstance(error := self.facts[name], HostError) and name not in self.coming
        }
        refused = {
            name: HostError(name, one.why_not) for name, one in self._allowed.items() if one.why_not
        }
        return silent | refused

    @cached_property
    def _about(self) -> tuple[str, ...]:
        return tuple(host.name for stage in self.stages for host in stage)

    @cached_property
    def _allowed(self) -> dict[str, Allowed]:
        asked = {*self._about, *self.cluster.pair} & set(self.known)
        every = {name: self._planned(name) for name in asked}
        return {
            name: self._of_pair(name, every) if name in self.cluster.pair else Allowed(every[name])
            for name in self._about
            if name in self.known
        }

    @property
    def clients(self) -> dict[str, Mapping[str, str]]:
        """What the Plone clients say of themselves, by their hosts and units."""
        return {name: facts.clients for name, facts in self.known.items()}

    def _planned(self, name: str) -> tuple[Step, ...]:
        steps = plan(self._wanted_now(name), self.known[name])
        return tuple(self.noticed(step, name) for step in steps)

    def _wanted_now(self, name: str) -> Wanted:
        """What is wanted; replicated volumes that the other machine has are fetched from there.

        It has what is not known to be blank there.
        """
        wanted = self.wanted[name]
        node = self.cluster.hosts[name].machine
        peer = self.cluster.peer_of(node) if node else None
        storage = wanted.storage
        if storage is None or peer is None or peer.name not in self.known:
            return wanted
        there = self.known[peer.name].logical
        if all(BLANK in there.get(volume, BLANK) for volume in storage.replicated):
            return wanted
        return replace(wanted, storage=replace(storage, leads=False, fetches=True))

    def noticed(self, step: Step, host: str) -> Step:
        """The step, with what visitors notice where it is a Plone client's turn."""
        turn = self.turn_of(step, host)
        return replace(step, visitors=noticed(host, turn.unit, self.clients)) if turn else step

    def turn_of(self, step: Step, host: str) -> Turn | None:
        """The Plone client of the host whose turn the step is, if it is one's."""
        turns = self.wanted[host].turns.values()
        return next((turn for turn in turns if turn.says == step.says), None)

    def _of_pair(self, name: str, every: Mapping[str, tuple[Step, ...]]) -> Allowed:
        peer = self.cluster.other_than(name)
        return allowed(every[name], self.known[name], every.get(peer), self.known.get(peer))


def survey(
    cluster: Cluster, secrets: Secrets, source: str, description: str, machine: str = ""
) -> Survey:
    """Read the facts of a machine and its VMs, or of all.

    ``source`` and ``description`` are the description's name and its text, all in one file.
    """
    hosts = hosts_of(cluster, machine)
    wanted = {host.name: wanted_on(cluster, host, secrets, source, description) for host in hosts}

    def ask(host: Host) -> Facts:
        with Remote(host, cluster.ssh) as remote:
            return read(remote, cluster, wanted[host.name])

    return Survey(cluster, machine, wanted, at_once(hosts, ask))
