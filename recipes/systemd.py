"""``recipe = tandem:systemd``: units."""

from recipes.hostfiles import HostFiles


class Systemd(HostFiles):
    """The systemd units of what runs on a VM, or on a machine without VMs."""

    program = "systemd"
