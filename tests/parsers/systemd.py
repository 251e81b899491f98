"""systemd's own tools: units, accounts and directories."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from tests.parsers.running import lines, on_host
from tests.parsers.trees import Tree

UNITS = PurePosixPath("/etc/systemd/system")

BUILT = re.compile(
    r"/srv/tandem/current/(bin/(backup|zeopack|zeoclient\d+)|parts/zeoserver/bin/runzeo)"
)
"""The programs of units that a host's own buildout makes."""

_VERIFY = """
ls() { find /etc/systemd/system /lib/systemd/system -maxdepth 1 -name "$1" | grep -q .; }
for program in $1; do
    mkdir -p "${program%/*}"
    install -m 755 /dev/null "$program"
done
for unit in $2; do ls "$unit" || echo "there is no unit $unit" >&2; done
shift 2
systemd-analyze verify --man=no "$@"
"""

_CREATE = """
SYSTEMD_LOG_LEVEL=notice systemd-sysusers /etc/sysusers.d/tandem.conf
# At the first boot, and at the next; others when what they are for starts.
for again in 1 2; do systemd-tmpfiles --create /etc/tmpfiles.d/*.conf; done
for more in /etc/tandem/*-folders.conf; do
    [ ! -e "$more" ] || systemd-tmpfiles --create "$more"
done
for entry; do
    stat --format="%n %04a %U %G" "$entry"
done
getent passwd tandem | cut -d: -f6
"""

_PRESET = """
for unit; do
    systemctl preset "$unit" >/run/said 2>&1 || cat /run/said >&2
    grep -i "parse\\|ignoring\\|unknown" /run/said >&2
    echo "$unit $(systemctl is-enabled "$unit" 2>/dev/null)"
done
"""


def units(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What ``systemd-analyze verify`` says against units, and which named ones are not there."""
    texts = "\n".join(tree.text(path) for path in paths)
    programs = {
        program
        for program in re.findall(r"^Exec\w+=[-+!@:]*(\S+)", texts, re.MULTILINE)
        if BUILT.fullmatch(program)
    }
    named = {
        unit
        for found in re.findall(
            r"^(?:After|Before|PartOf|Requires|Requisite|BindsTo)=(.*)$", texts, re.MULTILINE
        )
        for unit in found.split()
    }
    verified = {_unit(path) for path in paths}
    return _said(tree, " ".join(sorted(programs)), " ".join(sorted(named)), *sorted(verified))


def _unit(path: PurePosixPath) -> str:
    if path.parent == UNITS:
        return str(path)
    return path.parent.name.removesuffix(".d")  # a drop-in's unit


def _said(tree: Tree, *arguments: str) -> list[str]:
    verified = on_host(tree.root, _VERIFY, *arguments)
    said = [*lines(verified.stdout), *lines(verified.stderr)]
    if verified.returncode and not said:
        said.append(f"systemd-analyze verify failed with {verified.returncode} without a word")
    return said


def accounts(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What systemd-sysusers and systemd-tmpfiles say, and what they don't make as it is written."""
    texts = "\n".join(tree.text(path) for path in paths)
    wanted = re.findall(r"^d (\S+) (\d+) (\S+) (\S+)$", texts, re.MULTILINE)
    home = re.findall(r'^u tandem - ".*" (\S+)$', texts, re.MULTILINE)
    made = on_host(tree.root, _CREATE, *(path for path, *_ in wanted))
    there = lines(made.stdout)
    expected = [*(" ".join(entry) for entry in wanted), *home]
    return [
        *lines(made.stderr),
        *(f"expected {line}" for line in expected if line not in there),
    ]


def presets(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What ``systemctl preset`` says against the file, and what it does not do of it."""
    found = []
    for path in paths:
        wanted = {
            unit: f"{word}d" for word, unit in re.findall(r"^(\w+) (\S+)$", tree.text(path), re.M)
        }
        done = on_host(tree.root, _PRESET, *wanted)
        is_so = dict(line.split(" ", 1) for line in lines(done.stdout))
        found += lines(done.stderr)
        # What has no [Install] can be started by others only.
        found += (
            f"{unit} is {is_so[unit] or 'nowhere'}, not {state}"
            for unit, state in wanted.items()
            if is_so[unit] not in ({state, "static"} if state == "disabled" else {state})
        )
    return found
