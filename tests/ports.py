"""Ports on loopback that no other process of the tests gets meanwhile."""

import socket
from random import SystemRandom

BLOCK = 10
LOWEST, HIGHEST = 20_000, 32_000
"""They lie below those that the kernel gives to outgoing connections (ip(7): from 32768 on)."""

_taken: list[socket.socket] = []


def free_ports(count: int = 1) -> range:
    """So many consecutive ports on which nothing listens, this process's own until it ends."""
    assert count <= BLOCK
    blocks = range(LOWEST, HIGHEST, BLOCK)
    for first in SystemRandom().sample(blocks, len(blocks)):
        ports = range(first, first + count)
        if _take(first) and not any(map(listens, ports)):
            return ports
    raise AssertionError("no free ports")


def _take(first: int) -> bool:
    """Take a block by an abstract name, which the kernel gives to one process of a network."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0tandem-test-ports-{first}")
    except OSError:
        name.close()
        return False
    _taken.append(name)
    return True


def listens(port: int) -> bool:
    """Tell whether a connection to the port is accepted."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
