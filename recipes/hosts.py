"""``recipe = tandem:hosts``: names."""

from recipes.hostfiles import HostFiles


class Hosts(HostFiles):
    """``/etc/hostname`` and ``/etc/hosts`` of a machine or VM."""

    program = "hosts"
