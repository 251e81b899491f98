"""No hypervisor: the services run right on the machines, as the traditional set-up has it."""

from tandem.drivers.hypervisor import Hypervisor
from tandem.model import Cluster


class Traditional(Hypervisor):
    """Heartbeat starts the filesystem, the addresses and the services itself."""

    program = "traditional"
    folders = ()
    pair_folders = ("traditional", "heartbeat/units")
    killing = "systemctl kill --signal=KILL"
    listing = ":"
    memory = ":"

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """The data, the ZEO server with its address, and Apache with the visitors' addresses."""
        length = cluster.network.service.prefixlen
        addresses = dict.fromkeys(
            (f"{cluster.frontend.address}/{length}", str(cluster.floating_ip))
        )
        watched = self.watched(cluster)
        return (
            "tandem-unit::srv-tandem-data.mount",
            f"IPaddr2::{cluster.zeoserver.address}/{length}",
            watched["zeoserver"],
            *(f"IPaddr2::{address}" for address in addresses),
            watched["frontend"],
        )

    def watched(self, _: Cluster) -> dict[str, str]:
        """The services' units."""
        return {name: f"tandem-unit::tandem-{name}.service" for name in ("zeoserver", "frontend")}
