"""Moving and copying a VM from one machine to another: which may be, and what it changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tandem.errors import TandemError
from tandem.model import VM, Cluster
from tandem.rollout.retiring import ending
from tandem.rollout.step import Phase, Step
from tandem.rollout.survey import Survey
from tandem.rollout.volumes import NEW


@dataclass(frozen=True)
class Moving:
    """What becomes of the description: the words that take the place of others, and the options.

    ``machine`` is where the VM is; ``options`` are those of ``[zeoclient-vm]``, as they are to be.
    """

    machine: str
    words: Mapping[str, str]
    options: Mapping[str, str]


def moving(cluster: Cluster, name: str, to: str) -> Moving:
    """The change that moves a VM, which keeps its address; raises TandemError where it may not."""
    vm = _movable(cluster, name, to, "moved")
    machine = vm.machines[0].name
    options = {"addresses": cluster.zeoclient.addresses, "macs": cluster.zeoclient.macs}
    words = {
        f"{machine}:{value}": f"{to}:{value}"
        for pairs in options.values()
        for where, value in pairs
        if where == machine
    }
    renamed = {
        option: " ".join(f"{to if where == machine else where}:{value}" for where, value in pairs)
        for option, pairs in options.items()
    }
    return Moving(machine, words, renamed)


def copying(cluster: Cluster, name: str, to: str, address: str) -> Moving:
    """The change that copies a VM, to have that address; raises TandemError where it may not."""
    vm = _movable(cluster, name, to, "copied")
    machine = vm.machines[0].name
    if not address:
        raise TandemError(
            f"two VMs have not the same address: give the copy of {name} its own by --address"
        )
    there = f"{machine}:{vm.address}"
    added = f"{to}:{address}"
    both = f"{there} {added}"
    pairs = (f"{where}:{value}" for where, value in cluster.zeoclient.addresses)
    addresses = " ".join(both if pair == there else pair for pair in pairs)
    return Moving(machine, {there: both}, {"addresses": addresses})


def _movable(cluster: Cluster, name: str, to: str, done: str) -> VM:
    vms = {vm.name: vm for vm in cluster.vms}
    if not vms:
        raise TandemError("the cluster has no VMs: its programs run right on the machines")
    if name not in vms:
        listed = ", ".join(one for one, vm in vms.items() if not vm.volume)
        hint = f"; if {to} has got it, fab deploy finishes that" if f"zeoclient-{to}" in vms else ""
        raise TandemError(
            f"there is no VM {name or 'named by --vm'}: expected one of {listed}{hint}"
        )
    vm = vms[name]
    if vm.volume:
        both = " and ".join(one.name for one in vms.values() if one.volume)
        raise TandemError(
            f"{name} lies on a replicated volume, and cannot be {done} alone:"
            f" {both} go together to the other machine of the pair, by a switchover"
        )
    if cluster.hypervisor == "xen":
        raise TandemError(f"{name} cannot be {done}: Xen's VMs are not made by fab deploy yet")
    if to not in cluster.machines:
        listed = ", ".join(cluster.machines)
        raise TandemError(f"there is no machine {to or 'named by --to'}: expected one of {listed}")
    taken = next(
        (one.name for one in vms.values() if one.machines == (cluster.named_nodes[to],)), ""
    )
    if taken == name:
        raise TandemError(f"{name} is on {to} already")
    if taken:
        raise TandemError(f"{to} has {taken} already: a machine has one zeoclient VM")
    if vm.machines[0].zeoclient_address:
        where = f"[{vm.machines[0].name}]: write it into [zeoclient-vm] addresses first"
        raise TandemError(f"{name} cannot be {done} while its address stands in {where}")
    return vm


def as_described(seen: Survey, name: str) -> None:
    """Raise TandemError where a VM is not what its description makes, as the new one will be."""
    if error := seen.errors.get(name):
        raise TandemError(error.report())
    if steps := seen.plans.get(name):
        raise TandemError(
            f"{name} is not as described ({steps[0].says}): deploy it first, then copy it"
        )


def ready_for_it(there: Survey, to: str) -> None:
    """Raise TandemError where a machine cannot take a VM; ``there`` is of the cluster to be."""
    if error := there.errors.get(to):
        raise TandemError(error.report())
    disk = f"zeoclient-{to}"
    if NEW not in there.known[to].logical.get(disk, NEW):
        raise TandemError(f"{to} has a disk called {disk} already: rename it there by lvrename")


def before_turn(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Those of a machine's steps that end nothing: its packages, and the new disk."""
    return tuple(step for step in steps if step.phase is Phase.AHEAD)


def away(seen: Survey, name: str) -> str:
    """What is announced of a move, as a sentence."""
    clients = seen.cluster.clients
    others = [client for client in clients if client.host != name]
    ready = sum(
        seen.clients.get(client.host, {}).get(f"tandem-{client.name}.service") == "ready"
        for client in others
    )
    missing = len(others) - ready
    return (
        f"{len(clients) - len(others)} of {len(clients)} Plone clients are away until the VM is"
        f" made anew, some minutes: {ready} serve meanwhile"
        + (f", {missing} are not ready" if missing else "")
    )


def parting(seen: Survey, machine: str, left: Survey) -> tuple[Mapping[str, tuple[Step, ...]], ...]:
    """The rounds that end a machine's VM: its clients, where it is there, and then itself.

    ``left`` is what is seen of the cluster that is left without it. Raises TandemError.
    """
    if error := left.errors.get(machine):
        raise TandemError(f"{error.report()}: its VM cannot be ended there")
    ends = ending(seen, machine)
    notice = next((step.visitors for steps in ends.values() for step in steps), "")
    # What the VM is of ends with it, and nobody is there by then who could notice.
    leaves = tuple(
        replace(step, visitors=notice) if step.removes else step for step in left.plans[machine]
    )
    return {name: steps for name, steps in ends.items() if name in seen.known}, {machine: leaves}
