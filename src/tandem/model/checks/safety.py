"""Two machines never write at once, unless that risk is taken by name; and who may come in."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

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


def _whole_families(networks: tuple[str, ...]) -> Iterator[str]:
    """All of IPv4, all of IPv6: whichever the networks make up together."""
    for version in (4, 6):
        of_it = [one for one in map(ip_network, networks) if one.version == version]
        merged: Iterator[IPv4Network | IPv6Network] = collapse_addresses(of_it)  # type: ignore[type-var]  # all of one version
        yield from (str(one) for one in merged if one.prefixlen == 0)


def _not_everybody_may_come_in(cluster: Cluster) -> Iterator[Fault]:
    for section, option, networks in (
        ("frontend-vm", "manage-from", cluster.frontend.manage_from),
        # ZEO asks for no password.
        ("zeoserver-vm", "zeo-from", cluster.zeoserver.zeo_from),
        ("zeoclient-vm", "debug-from", cluster.zeoclient.debug_from),
    ):
        for everybody in _whole_families(networks):
            together = "" if everybody in networks else "the networks together are "
            is_ = "," if together else " is"
            yield Fault(
                section,
                option,
                f"{together}{everybody}{is_} everybody: expected the networks of those who may",
            )


# "This network", groups, and what is reserved: nobody's packets come from there.
_OF_NOBODY: Final = tuple(map(IPv4Network, ("0.0.0.0/8", "224.0.0.0/3")))


def _lets_in(text: str) -> bool:
    # The machines and VMs have IPv4 addresses alone.
    network = ip_network(text)
    return isinstance(network, IPv4Network) and not any(map(network.subnet_of, _OF_NOBODY))


def _somebody_may_come_in(cluster: Cluster) -> Iterator[Fault]:
    for section, option, networks, loopback_will_do in (
        ("network", "ssh-from", cluster.network.ssh_from, False),
        # On a computer of its own loopback is where the manager is.
        ("frontend-vm", "manage-from", cluster.frontend.manage_from, True),
    ):
        if not any(
            _lets_in(network) and (loopback_will_do or not ip_network(network).is_loopback)
            for network in networks
        ):
            named = " ".join(networks[:3]) + (" …" if len(networks) > 3 else "")
            yield Fault(
                section,
                option,
                f"{named or 'empty'}: nobody could come in: expected an IPv4 network of hosts",
            )


RULES = (
    _clients_survive_a_machine,
    _not_everybody_may_come_in,
    _somebody_may_come_in,
    _a_pair_is_fenced,
    _the_pair_has_what_it_takes,
    _without_vms_clients_have_their_machines_address,
)
