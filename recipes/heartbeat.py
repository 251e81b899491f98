"""``recipe = tandem:heartbeat``: Heartbeat."""

from recipes.hostfiles import MachineFiles


class Heartbeat(MachineFiles):
    """``ha.cf``, ``haresources``, ``authkeys``, and the STONITH plugin that fences the peer."""

    program = "heartbeat"
