"""``recipe = tandem:drbd``: the replicated volumes."""

from recipes.hostfiles import MachineFiles


class Drbd(MachineFiles):
    """A resource for each volume, the common settings, the fence-peer handler and the agent."""

    program = "drbd"
