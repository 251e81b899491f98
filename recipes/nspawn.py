"""``recipe = tandem:nspawn``: the VMs as system containers."""

from recipes.hostfiles import MachineFiles


class Nspawn(MachineFiles):
    """A unit for each VM that systemd-nspawn runs, and Heartbeat's agent for a unit."""

    program = "nspawn"
