"""What a host is asked in order to learn what there is on it: one question, in POSIX shell.

It changes nothing, and starts few programs.
"""

import shlex
from collections.abc import Iterator
from typing import Final

from tandem.drivers import hypervisor_of, storage_of
from tandem.model import CURRENT, DATA, READY_PATH, RELEASES, Cluster, Host
from tandem.rendering.hosts import BRIDGE
from tandem.rollout.facts import MADE_BY
from tandem.rollout.wanted import Wanted, units_of

_WHERE: Final = ("/etc", "/usr/local/lib/tandem", "/usr/lib/stonith/plugins/external")
"""Where files of ours are, outside the checkout, of which the roles are built."""

_PROPERTIES: Final = (
    "Id,LoadState,ActiveState,UnitFileState,ConditionResult,ConditionTimestampMonotonic"
)

_AT_THE_TOP: Final = "FNR > 3 { nextfile } index($0, mark) { print FILENAME; nextfile }"

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

# What a unit runs has the real path of its release among its words.
_RUNS: Final = f"""\
set -- {{units}}
for pid in $(timeout 5 systemctl show --value --property=MainPID "$@"); do
    runs=$(grep -azom1 '^{RELEASES}/[^/]*' "/proc/$pid/cmdline")
    echo "$1 ${{{{runs##*/}}}}"
    shift
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


def question(cluster: Cluster, host: Host, wanted: Wanted) -> str:
    """The commands; tandem.rollout.facts reads what they print."""
    parts = "\n".join(f"echo == {name}\n{asks}" for name, asks in _parts(cluster, host, wanted))
    return f"exec 2>/dev/null\nexport LC_ALL=C\n{parts}\necho == end\n"


def _parts(cluster: Cluster, host: Host, wanted: Wanted) -> Iterator[tuple[str, str]]:
    yield "packages", "dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\\n'"
    mark = shlex.quote(MADE_BY)
    # Whoever wrote about such a file has it further down.
    yield (
        "ours",
        (
            f"grep -rlsIFZ {mark} {' '.join(_WHERE)} |"
            f" xargs -0r awk -v mark={mark} {shlex.quote(_AT_THE_TOP)}"
        ),
    )
    units = " ".join(map(shlex.quote, units_of(wanted)))
    yield "units", f"timeout 10 systemctl show --property={_PROPERTIES} {units}"
    files = " ".join(shlex.quote(str(file.path)) for file in wanted.files)
    yield "files", f"tar -C / -cf - --ignore-failed-read {files} | base64"
    if host.machine:
        yield "vms", hypervisor_of(cluster).listing
        if wanted.storage:
            group = wanted.storage.group
            options = "--noheadings --options vg_name,lv_name,lv_tags"
            # Of a group without volumes it says nothing.
            yield "logical", f"lvs {options} {group} && echo {group}"
        if peer := cluster.peer_of(host.machine):
            yield "volumes", storage_of(cluster).listing(cluster)
            yield "peer", f"timeout 3 cl_status nodestatus {peer.name}"
            interfaces = (host.machine.service_interface, host.machine.replication_interface)
            ours = (BRIDGE if cluster.virtual else interfaces[0], interfaces[1])
            yield (
                "links",
                "\n".join(
                    f"echo {one} $(timeout 3 cl_status hblinkstatus {peer.name} {one})"
                    for one in ours
                ),
            )
    if wanted.release:
        yield "releases", _RELEASES
        yield "current", f'cd -P {CURRENT} && echo "${{PWD##*/}}"'
        yield "runs", _RUNS.format(units=" ".join(wanted.released))
    if clients := cluster.clients_on(host.name):
        asked = (f"tandem-{one.name}.service {one.address} {one.port}" for one in clients)
        yield "clients", f"{_READY} {' '.join(asked)}"
    if "zeoserver" in host.roles:
        yield "backup", _BACKUP
