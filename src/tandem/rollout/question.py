"""What a host is asked in order to learn what there is on it: one question, in POSIX shell.

It changes nothing, and starts few programs.
"""

import shlex
from collections.abc import Iterator
from typing import Final

from tandem.drivers import hypervisor_of
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
_READY: Final = """\
echo client {unit}
timeout 3 bash -c 'exec 3<>/dev/tcp/{address}/{port}
printf "GET {path} HTTP/1.0\\r\\nUser-Agent: fab\\r\\n\\r\\n" >&3
cat <&3'
echo"""


# What a unit runs has the real path of its release among its words.
_RUNS: Final = f"""\
pid=$(timeout 5 systemctl show --value --property=MainPID {{unit}})
echo {{unit}} $(tr '\\0' '\\n' </proc/$pid/cmdline |
    sed -n 's,^{RELEASES}/\\([^/]*\\)/.*,\\1,p' | head -n 1)"""


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
        yield "vms", f"timeout 5 sh -c {shlex.quote(hypervisor_of(cluster).listing)}"
        if wanted.storage:
            group = wanted.storage.group
            yield "groups", "vgs --noheadings --options vg_name"
            yield "logical", f"lvs --noheadings --options lv_name,lv_tags {group}"
        if peer := cluster.peer_of(host.machine):
            yield "volumes", "\n".join(_volume(volume.name) for volume in cluster.volumes)
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
        yield (
            "releases",
            f'cd {RELEASES} && for one in */.release; do echo "${{one%/*}}" $(cat "$one"); done',
        )
        yield "current", f"readlink {CURRENT}"
        yield "runs", "\n".join(_RUNS.format(unit=unit) for unit in wanted.released)
    if clients := cluster.clients_on(host.name):
        yield (
            "clients",
            "\n".join(
                _READY.format(
                    unit=f"tandem-{client.name}.service",
                    address=client.address,
                    port=client.port,
                    path=READY_PATH,
                )
                for client in clients
            ),
        )
    if "zeoserver" in host.roles:
        # collective.recipe.backup writes a file for each, whole or what has been added.
        yield (
            "backup",
            (
                f"find {DATA}/backups -name '*.fsz' -o -name '*.deltafsz' |"
                " xargs -r stat -c %Y | sort -n | tail -n 1 |"
                " while read -r at; do echo $(($(date +%s) - at)); done"
            ),
        )


def _volume(name: str) -> str:
    asked = " ".join(f"$(timeout 5 drbdadm {what} {name})" for what in ("role", "cstate", "dstate"))
    return f"echo {name} {asked}"
