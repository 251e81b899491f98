"""``recipe = tandem:xen``: the VMs of a Xen host."""

from recipes.hostfiles import MachineFiles


class Xen(MachineFiles):
    """The VMs' configuration for ``xl``, the settings of dom0, and Heartbeat's agent for a VM."""

    program = "xen"
