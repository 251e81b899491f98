"""``fab drill:…`` and ``fab history``."""

import json as jsonlib
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

from fabric import Connection, task
from rich.table import Table

from tandem.console import CLUSTER_HELP, CONSOLE, JSON_HELP, agreed, fail, told, working
from tandem.description import cluster_in
from tandem.drill.faults import FAULTS, SWITCHOVER, Fault, Place
from tandem.drill.history import Kept, kept_drills, noted, takeovers
from tandem.drill.report import Report
from tandem.drill.running import drill
from tandem.errors import TandemError
from tandem.failover import decision as deciding
from tandem.failover.moving import move
from tandem.lab.commands import lab_here
from tandem.lab.faults import heal
from tandem.lab.lab import Lab
from tandem.model import Cluster
from tandem.rendering import CHECKOUT
from tandem.rollout.deploying import alone
from tandem.rollout.doing import Command, look
from tandem.rollout.health import disturbances
from tandem.rollout.survey import Survey
from tandem.rollout.visiting import visits
from tandem.secrets import file_of, secret_in

DRILLS: Final = CHECKOUT / "var/drills"
"""Where the reports of drills are kept, each in a folder of its own."""


def commands(cluster: Cluster) -> Iterator[Command]:
    """The tasks for a cluster with a pair."""
    if not cluster.pair:
        return
    yield history
    yield _switchover()
    for name, fault in FAULTS.items():
        if fault.virtual and not cluster.virtual:
            continue
        yield _in_the_lab(name, fault)


@task(help=CLUSTER_HELP | JSON_HELP)  # type: ignore[untyped-decorator]  # Fabric has no types
def history(_: Connection, cluster: str = "cluster.cfg", json: bool = False) -> None:
    """Show when a machine of the pair came to serve, and why: in drills, and in earnest."""
    with told():
        _, file = _here(cluster)
        described = cluster_in(file)
        drills = kept_drills(DRILLS / described.name)
        events, silent = noted(described)
        found = tuple(takeovers(events, drills))
    if json:
        kept = [one.report for one in drills]
        print(jsonlib.dumps({"takeovers": [asdict(one) for one in found], "drills": kept}))
    else:
        table = Table("when", "serves", "because", "drill", box=None)
        for one in found:
            when = time.strftime("%F %T", time.localtime(one.at))
            table.add_row(when, one.machine, one.why, one.drill)
        CONSOLE.print(table if found else "nobody has taken over yet")
        if drills:
            CONSOLE.print(_drills(drills))
    for error in silent:
        fail(error.report())
    if silent:
        sys.exit(1)


def _drills(drills: Sequence[Kept]) -> Table:
    table = Table("drill", "first good answer", "all well", "lost", "of", box=None)
    for one in drills:
        times = (one.report["first_good"], one.report["well_after"])
        verdict = one.report["verdict"]
        counts = (str(len(verdict["lost"])), str(verdict["acknowledged"]))
        table.add_row(one.name, *("-" if at is None else f"{at:.1f} s" for at in times), *counts)
    return table


def _task(name: str, says: str, **more: str) -> Callable[[Callable[..., None]], Command]:
    helps = {"count": "how often, each on what the one before left"} | more

    def made(function: Callable[..., None]) -> Command:
        function.__doc__ = says
        return task(name=f"drill:{name}", help=CLUSTER_HELP | JSON_HELP | helps)(function)

    return made


def _switchover() -> Command:
    @_task(SWITCHOVER, "Have the other machine serve, under load, and report.", yes="do not ask")
    def command(
        _: Connection,
        cluster: str = "cluster.cfg",
        count: str = "1",
        yes: bool = False,
        json: bool = False,
    ) -> None:
        def once(tell: Callable[[str], None], seen: Survey) -> Report:
            decision = deciding.failover(
                seen.cluster, {n: seen.facts[n] for n in seen.cluster.pair}
            )
            if not decision.source or decision.why_not:
                raise TandemError("\n".join((decision.says, *decision.why_not)))
            begin = partial(move, seen.cluster, decision, lambda _line: None)
            with alone(seen):
                return drill(
                    file,
                    seen.cluster,
                    _password(seen.cluster),
                    SWITCHOVER,
                    decision.says,
                    begin,
                    lambda: None,
                    tell,
                )

        with told():
            _, file = _here(cluster)
            asked = (
                "a switchover under load; editors log in as Zope's admin over plain HTTP, and work"
                " in a folder that is removed afterwards"
            )
            _drilled(file, SWITCHOVER, asked, once, count, yes, json)

    return command


def _in_the_lab(name: str, fault: Fault) -> Command:
    says = fault.says.format(active="the active machine", standby="the standby")

    @_task(name, f"In the lab, under load: {says}; and report.")
    def command(
        _: Connection,
        cluster: str = "cluster.cfg",
        count: str = "1",
        json: bool = False,
    ) -> None:
        with told():
            lab, file = _here(cluster)
            if lab is None:
                raise TandemError(
                    f"drill:{name} takes a lab, and none runs: `fab lab:up` starts it;"
                    f" a real cluster has drill:{SWITCHOVER}"
                )

            def once(tell: Callable[[str], None], seen: Survey) -> Report:
                place = Place(lab, *_places(seen))
                return drill(
                    file,
                    seen.cluster,
                    _password(seen.cluster),
                    name,
                    fault.says.format(active=place.active, standby=place.standby),
                    partial(fault.begin, place),
                    partial(_mend, lab),
                    tell,
                    holds=fault.holds,
                    stays=fault.stays,
                )

            _drilled(file, name, f"in the lab: {says}", once, count, yes=True, json=json)

    return command


def _here(cluster: str) -> tuple[Lab | None, Path]:
    """The lab of a description, if it runs, and the description that holds there.

    This program goes on in the lab's network then.
    """
    file = Path(cluster)
    lab = lab_here(file)
    return lab, lab.folder / file.name if lab else file


def _drilled(
    file: Path,
    name: str,
    asked: str,
    once: Callable[[Callable[[str], None], Survey], Report],
    count: str,
    yes: bool,
    json: bool,
) -> None:
    """Drill, one time after the other, until something is wrong; keep and show what came of it."""
    if not count.isdecimal() or not int(count):
        raise TandemError(f"--count={count}: expected a number, 1 at least")
    if not json:
        CONSOLE.print(asked, markup=False)
    if not yes and not agreed("Do it?"):
        raise TandemError("not done")
    reports: list[Report] = []
    for _ in range(int(count)):
        seen = look(file)
        if amiss := _wrong(seen):
            raise TandemError(f"nothing is drilled where something is wrong: {amiss}")
        with working(name) as tell:
            report = once((lambda _line: None) if json else tell, seen)
        folder = DRILLS / seen.cluster.name / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"
        report.keep(folder)
        _draw(report, folder)
        reports.append(report)
        if not json:
            CONSOLE.print("\n".join(report.lines()), markup=False)
            CONSOLE.print(f"all of it, and a plot: {folder.relative_to(CHECKOUT)}", markup=False)
        for one in report.failures:
            fail(one)
        if report.failures:
            break
    if json:
        print(jsonlib.dumps([report.as_json() for report in reports], indent=1))
    elif len(reports) > 1:
        CONSOLE.print(_summary(reports))
    if reports[-1].failures:
        sys.exit(1)


def _draw(report: Report, folder: Path) -> None:
    # What matplotlib keeps in the home may be of a checkout that is gone, and it would complain.
    os.environ["MPLCONFIGDIR"] = str(CHECKOUT / "var/cache/matplotlib")
    # It takes a second to be imported, of every command's start.
    from tandem.drill.plot import draw

    draw(report, folder / "latency.png")


def _summary(reports: Sequence[Report]) -> Table:
    table = Table("of", str(len(reports)), "median", "longest", box=None)
    for what, times in {
        "until the first good answer": [one.first_good for one in reports],
        "until an editor's work is taken": [one.served_after for one in reports],
        "until all is well": [one.well_after for one in reports],
    }.items():
        if known := [one for one in times if one is not None]:
            cells = (str(len(known)), f"{statistics.median(known):.1f} s", f"{max(known):.1f} s")
            table.add_row(what, *cells)
    return table


def _wrong(seen: Survey) -> str:
    return "; ".join(disturbances(seen, visits(seen.cluster)))


def _places(seen: Survey) -> tuple[str, str]:
    """The machine of the pair that serves, and the other one."""
    active = next(name for name in seen.cluster.pair if seen.known[name].primary)
    return active, seen.cluster.other_than(active)


def _mend(lab: Lab) -> None:
    """End what is amiss in the lab as its operator would: faults, and machines without power."""
    heal(lab)
    for machine, state in lab.states().items():
        if state == "frozen":
            lab.thaw(machine)
        elif state == "off":
            lab.poweron(machine)


def _password(cluster: Cluster) -> str:
    """The admin's: as ``fab sites`` has made it, or the lab's own; raises TandemError."""
    files = [
        file_of(CHECKOUT, name, cluster.secrets.admin)
        for name in (f"{cluster.name}.admin", "admin")
    ]
    for file in files:
        with suppress(FileNotFoundError):
            return secret_in(file.read_text(), file)
    raise TandemError(f"{files[0]} is missing: `fab sites` makes the sites and their admin")
