"""When a machine of the pair came to serve, and why: in drills, and in earnest."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.drill.report import REPORT
from tandem.drill.timeline import Event, noted_in
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout.remote import HostError, Remote

_ASKED: Final = (
    "journalctl --output=short-unix --no-pager --quiet --grep='"
    r"role\( Secondary -> Primary \)|: node \S+: is dead|is (switched )?off"
    "' || test $? -eq 1"
)
_TOGETHER: Final = 120.0
"""Within how many seconds what was noted belongs to the same takeover: a power cut takes time."""


@dataclass(frozen=True, order=True)
class Takeover:
    """A machine came to serve: at a time (s, as time.time has it), why, and in which drill."""

    at: float
    machine: str
    why: str
    drill: str = ""


@dataclass(frozen=True)
class Kept:
    """A drill that was reported: its name, from when to when (s) it was, and its report."""

    name: str
    began: float
    ended: float
    report: dict[str, Any]


def kept_drills(folder: Path) -> tuple[Kept, ...]:
    """The reports below a folder, in order; raises TandemError where one is none."""
    found = []
    for file in folder.glob(f"*/{REPORT}"):
        try:
            report = json.loads(file.read_text())
            after = report["well_after"] or 0
            found.append(Kept(file.parent.name, report["began"], report["began"] + after, report))
        except (ValueError, KeyError, TypeError):
            raise TandemError(f"{file} is no report of a drill: remove it") from None
    return tuple(sorted(found, key=lambda kept: kept.began))


def noted(cluster: Cluster) -> tuple[tuple[Event, ...], tuple[HostError, ...]]:
    """What the machines of the pair have in their journals, and who of them does not answer."""
    events: list[Event] = []
    silent: list[HostError] = []
    for name in cluster.pair:
        try:
            with Remote(cluster.hosts[name], cluster.ssh) as remote:
                events += noted_in(remote.run(_ASKED).splitlines(), name, 0)
        except HostError as error:
            silent.append(error)
    return tuple(sorted(events)), tuple(silent)


def takeovers(events: Sequence[Event], drills: Iterable[Kept]) -> Iterator[Takeover]:
    """Each time that a machine became primary, in order; several volumes are one time."""
    known = tuple(drills)
    last: dict[str, float] = {}
    for event in sorted(events):
        if not event.says.startswith("promoted"):
            continue
        new = event.after - last.get(event.host, -_TOGETHER) >= _TOGETHER
        last[event.host] = event.after
        if new:
            drill = next((one.name for one in known if one.began <= event.after <= one.ended), "")
            yield Takeover(event.after, event.host, _why(events, event), drill)


def _why(events: Sequence[Event], promoted: Event) -> str:
    before = [
        event.says
        for event in events
        if event.host == promoted.host and 0 <= promoted.after - event.after < _TOGETHER
    ]
    causes = ("fenced: {0}", "{0} was dead, and was fenced"), ("detected: {0}", "{0} was dead")
    for cause, words in causes:
        start = cause.format("")
        if found := next((says for says in reversed(before) if says.startswith(start)), ""):
            return words.format(found.removeprefix(start))
    return "it was given it, or started first"
