"""``recipe = tandem:cluster``: what the description says of this host, as options for profiles."""

from typing import Any

from recipes.described import Described, Options
from tandem.rendering import CHECKOUT


class ClusterOptions(Described):
    """Gives profiles the cluster's facts as ``${tandem:OPTION}``.

    ``checkout``
        Where Tandem itself lies, which need not be where the buildout is.
    ``zeo-address``
        The ZEO server's ``address:port``.
    ``debug-port``
        Where the debug client listens, on loopback.
    ``frontend-url``
        Where this host, or the cluster, answers visitors.
    """

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        super().__init__(buildout, name, options)
        cluster = self.cluster
        options["checkout"] = str(CHECKOUT)
        options["zeo-address"] = f"{cluster.zeoserver.address}:{cluster.ports.zeoserver}"
        options["debug-port"] = str(cluster.ports.debug)
        options["frontend-url"] = f"http://{cluster.frontend.address}:{cluster.ports.frontend}"
