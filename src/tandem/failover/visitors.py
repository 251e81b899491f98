"""Visitors who come while the service moves, and what they saw of that."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event, Thread
from typing import Final

from tandem.model import Cluster
from tandem.rollout.visiting import Visit, visit

_EVERY: Final = 0.5
"""How often one comes, in seconds."""
_PATIENCE: Final = 30.0
"""After how many seconds without an answer one goes away."""


@dataclass(frozen=True)
class Seen:
    """What visitors saw: each visit, and when it began (s)."""

    visits: Sequence[tuple[float, Visit]]

    @property
    def failed(self) -> int:
        """How many were not answered, or with an error."""
        return sum(not visit.well for _, visit in self.visits)

    @property
    def longest(self) -> float:
        """How long the one waited who waited longest, in seconds."""
        return max((visit.seconds for _, visit in self.visits), default=0.0)

    @property
    def gap(self) -> tuple[float, float]:
        """Between which answers nobody got one for the longest time (s); both 0 where none did."""
        answered = sorted(began + visit.seconds for began, visit in self.visits if visit.well)
        return max(pairwise(answered), key=lambda pair: pair[1] - pair[0], default=(0.0, 0.0))

    @property
    def away(self) -> float:
        """For how long at a stretch nobody got an answer, in seconds."""
        before, after = self.gap
        return after - before

    def report(self) -> str:
        """All of it, as a sentence."""
        return (
            f"{len(self.visits)} visits, {self.failed} failed;"
            f" for {self.away:.1f} s nobody was answered, and one waited for {self.longest:.1f} s"
        )


@dataclass
class Visitors:
    """Those who come; ``seen`` is there once they have gone."""

    seen: Seen = field(default_factory=lambda: Seen(()))


@contextmanager
def visitors(cluster: Cluster, cached: bool = False) -> Iterator[Visitors]:
    """Have the first site read meanwhile: its front page, or a page that no cache has."""
    came = Visitors()
    begun: list[tuple[float, Future[Visit]]] = []
    over = Event()
    with ThreadPoolExecutor(round(2 * _PATIENCE / _EVERY)) as pool:

        def come() -> None:
            while not over.wait(_EVERY):
                asked = pool.submit(visit, cluster, cluster.sites[0], _PATIENCE, cached)
                begun.append((time.monotonic(), asked))

        thread = Thread(target=come, daemon=True)
        thread.start()
        try:
            yield came
        finally:
            over.set()
            thread.join()
    came.seen = Seen([(began, asked.result()) for began, asked in begun])
