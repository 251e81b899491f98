"""From what there is on a host to what is to be there: the steps, each a sentence."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Final

from tandem.rendering import CHECKOUT, File
from tandem.rollout.differing import lines
from tandem.rollout.effects import waits_for
from tandem.rollout.facts import Facts, Installed, Unit
from tandem.rollout.removing import VM_UNIT, removing
from tandem.rollout.step import Phase, Step
from tandem.rollout.switching import building, switching
from tandem.rollout.volumes import filling, joining, making
from tandem.rollout.wanted import Wanted

HIDDEN: Final = "<secret changed>"
"""What a diff shows of a file that is closed to all but root."""


HEARTBEAT: Final = "heartbeat.service"

START_HEARTBEAT: Final = Step(
    f"start {HEARTBEAT}",
    r"""systemctl start --no-block heartbeat.service
initdead=$(sed -n 's/^initdead \([0-9]*\)ms$/\1/p' /etc/ha.d/ha.cf)
until=$(($(date +%s) + initdead / 2000))
while [ "$(date +%s)" -lt "$until" ]; do
    sleep 0.5
    heard=yes
    for node in $(cl_status listnodes -n 2>/dev/null || echo none); do
        [ "$(cl_status nodestatus "$node" 2>/dev/null)" = active ] || heard=
    done
    [ -z "$heard" ] || exit 0
done
# At the end of initdead it would take a peer for dead that it does not understand, and fence it.
# Told to end, it would wait for that moment.
systemctl kill --signal=KILL heartbeat.service
systemctl stop heartbeat.service
echo "Heartbeat does not hear its peer, and is stopped again: see journalctl -u heartbeat" >&2
exit 1""",
    phase=Phase.LAST,
)
"""It is started for good only if it hears its peer, which may be about to start, too."""


def plan(wanted: Wanted, facts: Facts) -> tuple[Step, ...]:
    """What is to be done on a host, in this order; nothing where all is as it is to be."""
    return tuple(_plan(wanted, facts))


def _plan(wanted: Wanted, facts: Facts) -> Iterator[Step]:
    missing = tuple(one for one in wanted.packages if one.name not in facts.packages)
    if missing:
        names = [package.name for package in missing]
        unwanted = {service for package in missing for service in package.service.split()}
        unwanted -= {unit.removesuffix(".service") for unit, _ in wanted.units}
        yield Step(
            f"install {_listed(names)}",
            _installing(names, sorted(unwanted)),
            phase=Phase.AHEAD,
        )
    yield from building(wanted, facts)
    if wanted.storage:
        yield from making(wanted.storage, facts)
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
        yield removing(path, wanted.storage, facts)
    yield from switching(wanted, facts, changed)
    boots = tuple(_boots(wanted, facts))
    if wanted.storage:
        yield from joining(wanted.storage, facts)
    # DRBD is up then, without which replicated volumes cannot be filled, and no VM is.
    yield from (step for step in boots if VM_UNIT not in step.says)
    if wanted.storage:
        yield from filling(wanted.storage, facts)
    yield from (step for step in boots if VM_UNIT in step.says)


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
    return lines(there.text, file.text)


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
        # What had nothing to start from has tried in vain until now.
        in_vain = unit in wanted.released and not facts.current
        if unit == HEARTBEAT and facts.maintenance:
            continue
        if starts and (there is None or in_vain or _is_down(there)):
            step = _start(unit, wanted)
            # The clients of a new cluster wait for its ZEO server, whose turn may be after theirs.
            yield replace(step, phase=Phase.LAST) if in_vain and unit in wanted.turns else step
    for package in wanted.packages:
        for unit in (f"{service}.service" for service in package.service.split()):
            there = facts.units.get(unit)
            if unit not in boots and there and there.enabled == "enabled":
                yield Step(
                    f"switch {unit} off, which Debian starts",
                    f"systemctl --quiet disable --now {unit}",
                )


def _is_down(unit: Unit) -> bool:
    return unit.active in DOWN and not unit.held_back


def _start(unit: str, wanted: Wanted) -> Step:
    if unit == HEARTBEAT:
        return START_HEARTBEAT
    awaited = wanted.turns[unit].awaited if unit in wanted.turns else ""
    return Step(f"start {unit}", f"systemctl start {unit}\n{awaited}".strip())


DOWN: Final = ("inactive", "failed")


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
