"""``recipe = tandem:network``: networks."""

from recipes.hostfiles import HostFiles


class Network(HostFiles):
    """The bridges and addresses of a machine or VM, for systemd-networkd."""

    program = "network"
