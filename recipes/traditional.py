"""``recipe = tandem:traditional``: the services right on the machines."""

from recipes.hostfiles import MachineFiles


class Traditional(MachineFiles):
    """The mount of the data, and Heartbeat's agent for a unit."""

    program = "traditional"
