"""``recipe = tandem:zeoclients``: a part for each Plone client that runs on this host."""

from typing import Any

from zc.buildout import UserError

from recipes.described import Described, Options


class ZeoClients(Described):
    """Adds the sections ``[zeoclient1]``, ``[zeoclient2]``, …, as many as the description says.

    Each extends the section ``[zeoclient]``, which is the place for settings of all clients. The
    option ``names`` lists the clients that were made.
    """

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        super().__init__(buildout, name, options)
        vm = self.here.name or f"zeoclient-{self.cluster.machines[0]}"
        clients = [client for client in self.cluster.clients if client.vm == vm]
        for client in clients:
            if client.name in buildout:
                raise UserError(
                    f"[{client.name}] is made from the description:"
                    " expected settings for all clients, in [zeoclient]"
                )
            buildout.parse(
                f"[{client.name}]\n"
                "<= zeoclient\n"
                "recipe = plone.recipe.zope2instance\n"
                f"http-address = {client.address}:{client.port}\n"
                f"threads = {self.cluster.zeoclient.threads}\n"
            )
        options["names"] = " ".join(client.name for client in clients)
