"""How plans and what came of them are shown: as lines, and for scripts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from tandem.rollout.deploying import Outcome
from tandem.rollout.step import Step
from tandem.rollout.survey import Survey

_FEW: Final = 8
_LONG: Final = 1.0
"""In seconds."""


def lines(seen: Survey, seconds: float, left_out: Collection[str] = ()) -> Iterator[Text]:
    """The plans, host by host, but for some; what it took to read the facts, in seconds.

    A diff that several hosts share is shown once.
    """
    plans = {host: steps for host, steps in seen.plans.items() if host not in left_out}
    shown: dict[tuple[str, ...], str] = {}
    for stage in seen.stages:
        for host in stage:
            if host.name in left_out:
                continue
            if error := seen.errors.get(host.name):
                yield Text(error.report(), style="red")
            if host.name in seen.coming:
                yield Text(host.name, style="bold")
                yield Text("  set it up, once it is there:")
                foreseen = seen.foreseen(host.name)
                files = sum(step.file is not None for step in foreseen)
                says = (step.says for step in foreseen if step.file is None)
                yield from (Text(f"    {one}") for one in (f"write {_many(files, 'file')}", *says))
            if steps := plans.get(host.name):
                yield Text(host.name, style="bold")
                for step in steps:
                    before = shown.setdefault(step.diff, host.name) if step.diff else host.name
                    yield from _step(step, "" if before == host.name else before)
    every = [step for steps in plans.values() for step in steps]
    hosts = sum(bool(steps) for steps in plans.values())
    total = f"{_many(len(every), 'step')} on {_many(hosts, 'host')}" if every else "nothing to do"
    if seen.errors:
        total += ", as far as can be seen"
    notice = f"; visitors notice: {visitors(every) or 'nothing'}" if every else ""
    asked = _many(len(seen.plans), "host")
    yield Text(f"{total}{notice} ({asked} read in {seconds:.1f} s)")


def visitors(steps: Iterable[Step]) -> str:
    """What visitors notice of the steps, each thing once; empty: nothing."""
    return "; ".join(dict.fromkeys(step.visitors for step in steps if step.visitors))


def _step(step: Step, as_on: str) -> Iterator[Text]:
    notice = f" (visitors: {step.visitors})" if step.visitors else ""
    yield Text(f"  {step.says}{notice}", style="yellow" if notice else "")
    for line in (f"as on {as_on}",) if as_on else step.diff:
        yield Text(f"    {line}", style={"+": "green", "-": "red"}.get(line[:1], "dim"))


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def as_json(seen: Survey, seconds: float) -> dict[str, Any]:
    """The plans, for scripts."""
    return {
        "cluster": seen.cluster.name,
        "active": seen.active,
        "seconds": round(seconds, 2),
        "hosts": {
            host.name: {
                "error": seen.errors[host.name].sentence if host.name in seen.errors else "",
                "steps": [
                    {"says": step.says, "visitors": step.visitors, "diff": step.diff}
                    for step in _steps(seen, host.name)
                ],
            }
            for stage in seen.stages
            for host in stage
        },
    }


def _steps(seen: Survey, host: str) -> Iterable[Step]:
    return seen.foreseen(host) if host in seen.coming else seen.plans.get(host, ())


def releases(there: Mapping[str, Mapping[str, Any]]) -> Table:
    """Releases, and which hosts have and run each."""
    shown = Table("release", "of", "runs on", "is there on", box=None)
    for name, one in there.items():
        current, others = one["current"], sorted(set(one["there"]) - set(one["current"]))
        shown.add_row(
            name,
            one["origin"],
            " ".join(current),
            " ".join(others),
            style="bold" if current else "",
        )
    return shown


def table(outcomes: Iterable[Outcome]) -> Table:
    """What was done on each host, how long it took, and what failed."""
    shown = Table("host", "", "seconds", box=None)
    for one in outcomes:
        shown.add_row(one.host, f"{one.done} of {one.steps} steps", f"{one.seconds:.1f}")
        for says, seconds in _told(one.took):
            shown.add_row("", Text(f"  {says}"), f"{seconds:.1f}", style="dim")
        if one.error:
            shown.add_row("", Text(f"  {one.error}", style="red"))
    return shown


def _told(took: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """What is told of steps: all if they are few, and of many those that took long."""
    quick = [one for one in took if one[1] < _LONG] if len(took) > _FEW else []
    yield from (one for one in took if one not in quick)
    if quick:
        yield f"{len(quick)} others", sum(seconds for _, seconds in quick)
