"""No hypervisor: the services run right on the machines, as the traditional set-up has it."""

from tandem.drivers.hypervisor import Hypervisor
from tandem.model import Cluster


class Traditional(Hypervisor):
    """Heartbeat starts the filesystem, the addresses and the services itself."""

    program = "traditional"
    folders = ()
    pair_folders = ("traditional", "heartbeat/units")
    listing = ":"
    memory = ":"

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """The data, the ZEO server with its address, and Apache with the visitors' addresses."""
        length = cluster.network.service.prefixlen
        addresses = dict.fromkeys(
            (f"{cluster.frontend.address}/{length}", str(cluster.floating_ip))
        )
        return (
            "tandem-unit::srv-tandem-data.mount",
            f"IPaddr2::{cluster.zeoserver.address}/{length}",
            "tandem-unit::tandem-zeoserver.service",
            *(f"IPaddr2::{address}" for address in addresses),
            "tandem-unit::tandem-frontend.service",
        )
