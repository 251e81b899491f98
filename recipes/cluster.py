"""``recipe = tandem:cluster``: what the description says of this host, as options for profiles."""

from typing import Any

from recipes.described import Described, Options
from tandem.rendering import CHECKOUT
from tandem.rendering.profiles import tandem_options


class ClusterOptions(Described):
    """Gives profiles the cluster's facts as ``${tandem:OPTION}``.

    A profile whose parts are those of other recipes says here with ``role`` which host it is for.

    ``checkout``
        Where Tandem itself lies, which need not be where the buildout is.
    ``zeo-address``
        The ZEO server's ``address:port``.
    ``debug-address``, ``debug-port``
        Where the debug client listens.
    ``warm-up``
        The pages that each Plone client makes before it is ready, by their paths in Zope.
    ``frontend-url``
        Where this host, or the cluster, answers visitors.
    ``data``
        Where the ZEO server keeps the data and its backups.
    """

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        super().__init__(buildout, name, options)
        told = tandem_options(self.here, self.cluster)
        local = f"{buildout['buildout']['directory']}/var"
        options.update(told, checkout=str(CHECKOUT), data=told["data"] or local)
