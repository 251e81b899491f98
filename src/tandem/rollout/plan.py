"""From what there is on a host to what is to be there: the steps, each a sentence."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from typing import Final

from tandem.rendering import CHECKOUT, File
from tandem.rollout.effects import effects_of, waits_for
from tandem.rollout.facts import Facts, Installed
from tandem.rollout.wanted import Wanted

HIDDEN: Final = "<secret changed>"
"""What a diff shows of a file that is closed to all but root."""


@dataclass(frozen=True)
class Step:
    """Something to be done on a host.

    ``says`` is for the operator. ``file`` is written; ``does`` is POSIX shell for root, and may be
    done twice. ``visitors`` says what they notice, and is empty where that is nothing. ``last``:
    only once all is done on all hosts.
    """

    says: str
    does: str = ""
    file: File | None = None
    diff: tuple[str, ...] = ()
    visitors: str = ""
    last: bool = False


STARTED_LAST: Final = Step(
    "start heartbeat.service", "systemctl start heartbeat.service", last=True
)
"""Heartbeat is started when its files are right on both machines."""


def plan(wanted: Wanted, facts: Facts) -> tuple[Step, ...]:
    """What is to be done on a host, in this order; nothing where all is as it is to be."""
    return tuple(_plan(wanted, facts))


def _plan(wanted: Wanted, facts: Facts) -> Iterator[Step]:
    missing = tuple(one for one in wanted.packages if one.name not in facts.packages)
    if missing:
        names = [package.name for package in missing]
        unwanted = {service for package in missing for service in package.service.split()}
        unwanted -= {unit.removesuffix(".service") for unit, _ in wanted.units}
        yield Step(f"install {_listed(names)}", _installing(names, sorted(unwanted)))
    changed = set()
    for file in wanted.files:
        path = str(file.path)
        there = facts.files.get(path)
        if there is None or there.text != file.text:
            changed.add(path)
            yield Step(_writing(file, there), file=file, diff=_diff(file, there))
        elif there.mode != file.mode:
            says = f"give /{path} the mode {file.mode:04o}, not {there.mode:04o}"
            yield Step(says, f"chmod {file.mode:04o} /{shlex.quote(path)}")
    for path in sorted(facts.ours - {str(file.path) for file in wanted.files}):
        changed.add(path)
        yield Step(f"remove /{path}, which is no longer described", f"rm -f /{shlex.quote(path)}")
    for effect in effects_of(changed, facts.units, wanted.turns):
        yield Step(effect.says, effect.does, visitors=effect.visitors)
    yield from _boots(wanted, facts)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _writing(file: File, there: Installed | None) -> str:
    if there is None:
        return f"write /{file.path}, which is missing"
    later = waits_for(str(file.path))
    return f"write /{file.path}" + (later and f"; {later}")


def _diff(file: File, there: Installed | None) -> tuple[str, ...]:
    if there is None or there.text is None:
        return ()
    if not file.mode & 0o077:
        return (HIDDEN,)
    before, after = there.text.splitlines(), file.text.splitlines()
    # The first two lines name the files.
    return tuple(unified_diff(before, after, n=1, lineterm=""))[2:]


def _boots(wanted: Wanted, facts: Facts) -> Iterator[Step]:
    boots = dict(wanted.units)
    for unit, starts in boots.items():
        there = facts.units.get(unit)
        if starts and (there is None or there.enabled != "enabled"):
            yield Step(f"have each boot start {unit}", f"systemctl --quiet enable {unit}")
        if not starts and there and there.enabled == "enabled":
            yield Step(
                f"have no boot start {unit}: Heartbeat does", f"systemctl --quiet disable {unit}"
            )
        if starts and (there is None or (there.active in _DOWN and not there.held_back)):
            start = Step(f"start {unit}", f"systemctl start {unit}")
            yield STARTED_LAST if start.says == STARTED_LAST.says else start
    for package in wanted.packages:
        for unit in (f"{service}.service" for service in package.service.split()):
            there = facts.units.get(unit)
            if unit not in boots and there and there.enabled == "enabled":
                yield Step(
                    f"switch {unit} off, which Debian starts",
                    f"systemctl --quiet disable --now {unit}",
                )


_DOWN: Final = ("inactive", "failed")


@cache
def _quietly() -> str:
    return (CHECKOUT / "src/tandem/setup/quietly.sh").read_text()


def _installing(names: Iterable[str], unwanted: Iterable[str]) -> str:
    """Installs packages, of which nothing starts; what an earlier try has left half done, too."""
    apt = "apt-get -q -y -o DPkg::Lock::Timeout=60"
    how = "-o Dpkg::Options::=--force-confold --no-install-recommends --no-remove"
    script = "\n".join(
        (
            "dpkg --configure -a",
            f"{apt} -o APT::Update::Error-Mode=any update",
            f"{apt} {how} install {' '.join(names)}",
        )
    )
    return shlex.join(("sh", "-c", _quietly(), "quietly", " ".join(unwanted), "sh", "-euc", script))
