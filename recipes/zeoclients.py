"""``recipe = tandem:zeoclients``: a part for each Plone client that runs on this host."""

from typing import Any

from zc.buildout import UserError

from recipes.described import Described, Options
from tandem.rendering.profiles import client_sections


class ZeoClients(Described):
    """Adds the sections ``[zeoclient1]``, ``[zeoclient2]``, …, as many as the description says.

    Each extends the section ``[zeoclient]``, which is the place for settings of all clients. The
    option ``names`` lists the clients that were made.
    """

    role = "zeoclient"

    def __init__(self, buildout: Any, name: str, options: Options) -> None:
        super().__init__(buildout, name, options)
        sections = client_sections(self.here, self.cluster)
        for client, own in sections.items():
            if client in buildout:
                raise UserError(
                    f"[{client}] is made from the description:"
                    " expected settings for all clients, in [zeoclient]"
                )
            lines = "".join(f"{option} = {value}\n" for option, value in own.items())
            buildout.parse(
                f"[{client}]\n<= zeoclient\nrecipe = plone.recipe.zope2instance\n{lines}"
            )
        options["names"] = " ".join(sections)
