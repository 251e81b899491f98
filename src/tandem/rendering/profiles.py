"""What the profiles of the roles are told of the cluster: options and sections for buildout."""

from collections.abc import Iterator

from tandem.model import DATA, Cluster, Here


def tandem_options(here: Here, cluster: Cluster) -> dict[str, str]:
    """The facts of the cluster that profiles take as ``${tandem:OPTION}``.

    ``data`` is empty on a computer of its own, where the data lies in the buildout.
    """
    clients = cluster.clients_on(host_name(here, cluster))
    reached = here.name and clients and cluster.zeoclient.debug_from
    return {
        "zeo-address": f"{cluster.zeoserver.address}:{cluster.ports.zeoserver}",
        "debug-address": clients[0].address if reached else "127.0.0.1",
        "debug-port": str(cluster.ports.debug),
        "warm-up": ",".join(_warm_up(cluster)) or "none",
        "frontend-url": f"http://{cluster.frontend.address}:{cluster.ports.frontend}",
        "data": str(DATA) if here.name else "",
    }


def _warm_up(cluster: Cluster) -> Iterator[str]:
    """The pages as Apache asks a client for them, through Zope's VirtualHostMonster."""
    for site in cluster.sites:
        host = "localhost" if site.host == "*" else site.host
        for page in cluster.zeoclient.warm_up:
            yield f"/VirtualHostBase/http/{host}{site.path}/VirtualHostRoot{page}"


def client_sections(here: Here, cluster: Cluster) -> dict[str, dict[str, str]]:
    """The options of each Plone client on this host that are its own."""
    return {
        client.name: {
            "http-address": f"{client.address}:{client.port}",
            "threads": str(cluster.zeoclient.threads),
        }
        for client in cluster.clients_on(host_name(here, cluster))
    }


def host_name(here: Here, cluster: Cluster) -> str:
    """The host whose parts the profiles build; a computer of its own is the only machine."""
    return here.name or cluster.machines[0]
