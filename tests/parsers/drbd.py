"""drbdadm, of the version that the cluster's machines have."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from subprocess import CompletedProcess

from tests.parsers.running import alone_in_the_network, run
from tests.parsers.trees import Tree

CONFIGURATION = PurePosixPath("/etc/drbd.conf")
ADM = {"8.4": "/lib/drbd/drbdadm-84", "9": "drbdadm"}


# drbdadm looks whether the address that it is to listen at is the machine's.
_WITH_ADDRESS = 'ip link set lo up && ip address add "$1/32" dev lo && shift && exec "$@"'


def drbdadm(tree: Tree, *words: str) -> CompletedProcess[str]:
    """Run drbdadm as the host's; with ``-d`` it only says what it would do."""
    machine = tree.host.machine
    assert machine is not None
    assert machine.replication_address is not None
    within = ("sh", "-c", _WITH_ADDRESS, "sh", machine.replication_address)
    adm = (ADM[tree.cluster.drbd.version], "-c", tree.at(CONFIGURATION))
    command = alone_in_the_network((*within, *adm, *words))
    return run(command, env={"__DRBD_NODE__": tree.host.name})


def complaints(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What drbdadm says against the files, as file:line, and the files that it has not read."""
    dumped = drbdadm(tree, "dump")
    if dumped.returncode:
        return dumped.stderr.splitlines()
    read = set(re.findall(r"^resource (\S+) \{", dumped.stdout, re.MULTILINE))
    volumes = {path.stem for path in paths if path.suffix == ".res"}
    return [f"{name}: not a resource of {CONFIGURATION}" for name in sorted(volumes ^ read)]
