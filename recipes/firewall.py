"""``recipe = tandem:firewall``: nftables."""

from recipes.hostfiles import HostFiles


class Firewall(HostFiles):
    """The firewall of a machine or VM: open is what others need, all else is closed."""

    program = "firewall"
