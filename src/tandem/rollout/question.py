"""What a host is asked in order to learn what there is on it: one question, in POSIX shell.

It changes nothing, and starts few programs.
"""

import shlex
from collections.abc import Iterator
from typing import Final

from tandem.drivers import hypervisor_of, storage_of
from tandem.model import CURRENT, DATA, MAINTENANCE, READY_PATH, RELEASES, Cluster, Host
from tandem.rendering.hosts import BRIDGE
from tandem.rollout.facts import MADE_BY
from tandem.rollout.release import Release
from tandem.rollout.wanted import Wanted, units_of

_WHERE: Final = ("/etc", "/usr/local/lib/tandem", "/usr/lib/stonith/plugins/external")
"""Where files of ours are, outside the checkout, of which the roles are built."""

_PROPERTIES: Final = (
    "Id,LoadState,ActiveState,UnitFileState,ConditionResult,ConditionTimestampMonotonic,MainPID"
)

# bash is on every Debian, and needs no other program for that.
_READY: Final = f"""\
timeout 10 bash -c '
for word; do case $word in *.service) echo "client $word" ;; esac; done
while [ $# -gt 0 ]; do
    echo "client $1"
    {{
        printf "GET {READY_PATH} HTTP/1.0\\r\\nUser-Agent: fab\\r\\n\\r\\n" >&3
        while read -r -t 3 line <&3 || [ -n "$line" ]; do echo "$line"; done
    }} 3<>"/dev/tcp/$2/$3"
    shift 3
done' clients"""

# What a unit runs has the real path of its release among its words, which end with NULs; `read`
# leaves NULs out.
RUNS: Final = f"""\
for word in $units; do
    case $word in MainPID=[1-9]*) ;; *) continue ;; esac
    runs=
    read -r runs <"/proc/${{word#MainPID=}}/cmdline"
    case $runs in *{RELEASES}/*) ;; *) continue ;; esac
    runs=${{runs#*{RELEASES}/}}
    echo "${{word#MainPID=}} ${{runs%%/*}}"
done"""

_RELEASES: Final = f"""\
cd {RELEASES} && for one in */.release; do
    {{ read -r digest && read -r pins && read -r origin; }} <"$one" &&
        echo "${{one%/*}} $digest $pins $origin"
done"""

# collective.recipe.backup writes a file for each, whole or what has been added.
_BACKUP: Final = f"""\
find {DATA}/backups \\( -name '*.fsz' -o -name '*.deltafsz' \\) -printf '%T@\\n'
date +%s"""

# Backups are made at night, of data that is there, by a host that is up.
_UNSAVED: Final = f"""\
if stat --format=%W {DATA}/filestorage; then
    read -r up _ </proc/uptime
    now=$(date +%s)
    echo $((now - ${{up%.*}}))
    echo $now
fi"""


def _built_of(release: Release) -> str:
    names = shlex.join(sorted({path.split("/")[0] for path in release.texts()}))
    made = "--exclude=__pycache__ --exclude='*.egg-info'"
    return (
        f"[ ! -e {CURRENT}/.release ] || grep -qxF {release.digest} {CURRENT}/.release ||"
        f" tar -C {CURRENT} -czf - {made} {names} | base64"
    )


def question(cluster: Cluster, host: Host, wanted: Wanted) -> str:
    """The commands; tandem.rollout.facts reads what they print."""
    parts = "\n".join(f"echo == {name}\n{asks}" for name, asks in _parts(cluster, host, wanted))
    return f"exec 2>/dev/null\nexport LC_ALL=C\n{parts}\necho == end\n"


def _parts(cluster: Cluster, host: Host, wanted: Wanted) -> Iterator[tuple[str, str]]:
    yield "packages", "dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\\n'"
    yield "ours", f"grep -rnsIFZ -m1 {shlex.quote(MADE_BY)} {' '.join(_WHERE)}"
    units = " ".join(map(shlex.quote, units_of(wanted)))
    shown = f"timeout 10 systemctl show --property={_PROPERTIES} {units}"
    yield "units", f'units=$({shown})\necho "$units"'
    files = " ".join(shlex.quote(str(file.path)) for file in wanted.files)
    yield "files", f"tar -C / -cf - --ignore-failed-read {files} | base64"
    if host.machine:
        yield "vms", hypervisor_of(cluster).listing
        if wanted.storage:
            group = wanted.storage.group
            yield "logical", f"lvs --noheadings --options lv_name,lv_tags {group}"
            free = "--noheadings --units m --nosuffix --options vg_name,vg_free"
            yield "groups", f"vgs {free} {group}"
        if peer := cluster.peer_of(host.machine):
            yield "volumes", storage_of(cluster).listing(cluster)
            yield "memory", hypervisor_of(cluster).memory
            yield "maintenance", f"cat {MAINTENANCE}"
            interfaces = (host.machine.service_interface, host.machine.replication_interface)
            ours = (BRIDGE if cluster.virtual else interfaces[0], interfaces[1])
            asked = (f'echo "{one} $(cl_status hblinkstatus {peer.name} {one})"' for one in ours)
            said = (f"cl_status nodestatus {peer.name}", "echo == holds", "cl_status rscstatus")
            lines = "\n".join((*said, "echo == links", *asked))
            yield "peer", f"timeout 5 sh -c {shlex.quote(lines)}"
    if wanted.release:
        yield "releases", _RELEASES
        yield "current", f'cd -P {CURRENT} && echo "${{PWD##*/}}"'
        yield "runs", RUNS
        yield "built of", _built_of(wanted.release)
    if clients := cluster.clients_on(host.name):
        asked = (f"tandem-{one.name}.service {one.address} {one.port}" for one in clients)
        yield "clients", f"{_READY} {' '.join(asked)}"
    if "zeoserver" in host.roles:
        yield "backup", _BACKUP
        yield "unsaved", _UNSAVED
