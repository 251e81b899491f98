"""Running a drill: load, the fault, the way back, and what came of it."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from tandem.drill.editors import Editing, judged
from tandem.drill.report import Report
from tandem.drill.roles import both_wrote, roles
from tandem.drill.timeline import events
from tandem.errors import TandemError
from tandem.failover.moving import amiss
from tandem.failover.visitors import Seen, visitors
from tandem.model import Cluster
from tandem.rollout.visiting import visits

Tell = Callable[[str], None]

_BEFORE: Final = 10.0
"""For how long there is load before the fault, in seconds: it shows what is usual."""
_SERVED_WITHIN: Final = 240.0
_WELL_WITHIN: Final = 480.0
"""How long it is waited for that, in seconds."""
_EVERY: Final = 1.0
"""How long at the least it is not looked again whether it is there, in seconds."""


def drill(
    file: Path,
    cluster: Cluster,
    password: str,
    fault: str,
    says: str,
    begin: Callable[[], None],
    mend: Callable[[], None],
    tell: Tell,
    *,
    holds: float = 0,
    stays: bool = False,
) -> Report:
    """Do what the fault is under load, have it mended, and say what came of it.

    ``begin`` makes the fault, which takes ``holds`` seconds until it shows; ``mend`` is called
    again and again once the site is back, or before that where the fault ``stays`` otherwise.
    Raises TandemError where there is nothing to drill on.
    """
    editing = Editing(cluster, password)
    with ExitStack() as stack:
        primary = stack.enter_context(roles(cluster))
        cached = stack.enter_context(visitors(cluster, cached=True))
        uncached = stack.enter_context(visitors(cluster))
        stack.enter_context(editing.going_on())
        tell("load, as usual")
        time.sleep(_BEFORE)
        tell(says)
        began, started = time.time(), time.monotonic()
        begin()
        done = time.time()
        time.sleep(holds)
        if stays:
            mend()
        tell("until the site takes work again")
        served = _until(lambda: _served(cluster, editing, done), started, _SERVED_WITHIN)
        served_after = _first_taken(editing, done, began) if served else None
        left: tuple[str, ...] = ()

        def well() -> bool:
            nonlocal left
            mend()
            left = _amiss(file, cluster)
            tell(f"until all is well: {left[0]}" if left else "all is well")
            return not left

        well_after = _until(well, started, _WELL_WITHIN)
    timeline = events(cluster, began)
    try:
        verdict = editing.verdict()
        editing.tidy_up()
    except TandemError as error:
        verdict = judged(editing.work, None, {})
        left = (*left, f"{editing.folder} is still there: {error.report()}")
    return Report(
        cluster.name,
        fault,
        says,
        began,
        served_after,
        well_after,
        {"cached": _since(cached.seen, started), "uncached": _since(uncached.seen, started)},
        tuple(replace(work, began=work.began - began) for work in editing.work),
        verdict,
        timeline,
        both_wrote(primary),
        left,
    )


def _until(seen: Callable[[], bool], started: float, within: float) -> float | None:
    """After how many seconds it was seen; None where that was not within so many."""
    while True:
        looked = time.monotonic()
        if seen():
            return time.monotonic() - started
        if time.monotonic() - started > within:
            return None
        # To look costs the machines something, too, which are busy enough.
        time.sleep(max(_EVERY, time.monotonic() - looked))


def _served(cluster: Cluster, editing: Editing, since: float) -> bool:
    return any(work.acknowledged and work.began > since for work in editing.work) and all(
        visit.well for visit in visits(cluster).values()
    )


def _first_taken(editing: Editing, since: float, began: float) -> float:
    return (
        min(
            work.began + work.seconds
            for work in editing.work
            if work.acknowledged and work.began + work.seconds > since
        )
        - began
    )


def _since(seen: Seen, started: float) -> Seen:
    return Seen([(began - started, visit) for began, visit in seen.visits])


def _amiss(file: Path, cluster: Cluster) -> tuple[str, ...]:
    """What is not well, or why that is not known."""
    try:
        return amiss(file, cluster)
    except TandemError as error:
        return (error.report(),)
