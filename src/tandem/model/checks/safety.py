"""Two machines never write at once, unless that risk is taken by name; and who may come in."""

from collections.abc import Iterator
from ipaddress import ip_network

from tandem.model.cluster import Cluster
from tandem.model.fault import Fault


def _a_pair_is_fenced(cluster: Cluster) -> Iterator[Fault]:
    if cluster.fencing == "none" and cluster.accept != "split-brain":
        yield Fault(
            "cluster",
            "fencing",
            "none: both machines may come to write, and the writes of one are lost: expected ipmi"
            " or meatware, or the risk named by accept = split-brain",
        )
    if cluster.fencing != "none" and cluster.accept:
        yield Fault(
            "cluster",
            "accept",
            f"{cluster.accept} is no risk with fencing = {cluster.fencing}: expected nothing",
        )


def _the_pair_has_what_it_takes(cluster: Cluster) -> Iterator[Fault]:
    for node in cluster.pair_nodes:
        if not node.replication_address:
            yield Fault(
                node.name, "replication-address", "missing: the machines of the pair replicate"
            )
        if cluster.fencing == "ipmi":
            for option, value in (
                ("management-address", node.management_address),
                ("fence-address", node.fence_address),
            ):
                if not value:
                    yield Fault(node.name, option, "missing: fencing = ipmi goes that way")


def _without_vms_clients_have_their_machines_address(cluster: Cluster) -> Iterator[Fault]:
    if cluster.virtual:
        return
    for machine, address in cluster.zeoclient.addresses:
        own = cluster.named_nodes[machine].address
        if address != own:
            yield Fault(
                "zeoclient-vm",
                "addresses",
                f"{address}: with hypervisor = none the clients run on {machine} itself:"
                f" expected {machine}:{own}",
            )


def _clients_survive_a_machine(cluster: Cluster) -> Iterator[Fault]:
    machines = [machine for machine, _ in cluster.zeoclient.addresses]
    if len(machines) == 1:
        yield Fault(
            "zeoclient-vm",
            "addresses",
            f"no client is left when {machines[0]} dies: expected clients on two machines or more",
        )


def _not_everybody_may_come_in(cluster: Cluster) -> Iterator[Fault]:
    for section, option, networks in (
        ("frontend-vm", "manage-from", cluster.frontend.manage_from),
        # ZEO asks for no password.
        ("zeoserver-vm", "zeo-from", cluster.zeoserver.zeo_from),
        ("zeoclient-vm", "debug-from", cluster.zeoclient.debug_from),
    ):
        for network in networks:
            if network.endswith("/0"):
                yield Fault(
                    section,
                    option,
                    f"{network} is everybody: expected the networks of those who may",
                )


def _somebody_may_come_in(cluster: Cluster) -> Iterator[Fault]:
    ssh_from = cluster.network.ssh_from
    if all(ip_network(network).is_loopback for network in ssh_from):
        named = " ".join(ssh_from) or "empty"
        yield Fault(
            "network", "ssh-from", f"{named}: nobody could come in: expected a network or more"
        )
    if not cluster.frontend.manage_from:
        yield Fault(
            "frontend-vm", "manage-from", "empty: nobody could come in: expected a network or more"
        )


RULES = (
    _clients_survive_a_machine,
    _not_everybody_may_come_in,
    _somebody_may_come_in,
    _a_pair_is_fenced,
    _the_pair_has_what_it_takes,
    _without_vms_clients_have_their_machines_address,
)
