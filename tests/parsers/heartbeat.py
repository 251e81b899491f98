"""Heartbeat itself, started where it can do no harm, and its ResourceManager and stonith."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from tests.parsers.running import lines, on_host
from tests.parsers.trees import Tree

HA_CF = PurePosixPath("/etc/ha.d/ha.cf")
HARESOURCES = PurePosixPath("/etc/ha.d/haresources")

# Started, it validates its files, then opens the links of ha.cf. With the script it ends, too.
_START = """
hostname "$1"
ip link set lo up
shift
number=0
for link; do
    number=$((number + 1))
    ip link add "${link%%=*}" type veth peer "far$number"
    ip addr add "${link#*=}" dev "${link%%=*}"
    ip link set "${link%%=*}" up
    ip link set "far$number" up
done
for folder in ccm crm dopd rsctmp; do mkdir -p "/run/heartbeat/$folder"; done
chown -R hacluster:haclient /run/heartbeat
wanted=$(grep -cE '^(ucast|ping) ' /etc/ha.d/ha.cf)
/usr/libexec/heartbeat/heartbeat -f >/run/log 2>&1 &
tries=100
until [ "$(ps -eo args= | grep -c '^heartbeat: read: ')" -eq "$wanted" ]; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ] || ! kill -0 $! 2>/dev/null; then
        echo "ERROR: Heartbeat does not listen on the $wanted links of ha.cf"
        break
    fi
    sleep 0.05
done
cat /run/log
"""

# Each resource and program that the files name, and who is there.
_NAMED = """
for program; do [ -x "$program" ] || echo "ERROR: $program cannot be executed"; done
/usr/share/heartbeat/ResourceManager listkeys "$(sed -n '/^#/!s/ .*//p' /etc/ha.d/haresources)"
"""


def complaints(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What Heartbeat and its ResourceManager say against ha.cf, authkeys and haresources."""
    del paths
    machine = tree.host.machine
    assert machine is not None
    cf = tree.text(HA_CF)
    own = {machine.replication_interface: machine.replication_address}
    links = [
        f"{link}={own.get(link) or machine.address}/24"
        for link in re.findall(r"^ucast (\S+)", cf, re.MULTILINE)
    ]
    started = on_host(tree.root, _START, tree.host.name, *links)
    # Without their newlines these two run into the next line; they come for any ha.cf.
    said = re.sub(r"heartbeat: \w+ setting must precede media statements", "\n", started.stdout)
    found = [line for line in lines(said) if re.search(r"\b(ERROR|CRIT)\b", line)]
    if "Configuration validated. Starting heartbeat" not in said:
        found.append("ERROR: not validated")
    return [*found, *lines(started.stderr), *_named(tree, cf)]


def _named(tree: Tree, cf: str) -> list[str]:
    text = tree.text(HARESOURCES)
    resources = [line for line in lines(text) if not line.startswith("#")]
    assert len(resources) == 1, "all VMs are one group"
    words = resources[0].split()[1:]
    agents = [f"/etc/ha.d/resource.d/{word.split('::')[0]}" for word in words]
    respawned = re.findall(r"^respawn \S+ (\S+)", cf, re.MULTILINE)
    said = on_host(tree.root, _NAMED, *agents, *respawned)
    listed = [line for line in lines(said.stdout) if not line.startswith("ERROR")]
    errors = [line for line in lines(said.stdout) if line.startswith("ERROR")]
    # It knows a group by its first resource.
    if listed != words[:1]:
        errors.append(f"ERROR: {HARESOURCES} is read as {listed}")
    return [*errors, *lines(said.stderr)]
