"""What came of a drill: in figures, in sentences, and as a file that is kept."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tandem.drill.editors import Verdict, Work
from tandem.drill.timeline import Event
from tandem.failover.visitors import Seen

REPORT: Final = "report.json"
_STALLED: Final = 1.0
"""From how long a gap on visitors have noticed something, in seconds."""


@dataclass(frozen=True)
class Report:
    """A drill; times are in seconds, and ``began`` is that of the fault, as time.time has it.

    ``seen`` are the visits of readers by what they read, and ``work`` is that of the editors, with
    times since the fault.
    """

    cluster: str
    fault: str
    says: str
    began: float
    served_after: float | None
    """Until the site answered and took what an editor sent, after the fault."""
    well_after: float | None
    """Until nothing was amiss, the machine back in the pair where it had lost its power."""
    seen: Mapping[str, Seen]
    work: tuple[Work, ...]
    verdict: Verdict
    timeline: tuple[Event, ...]
    both_wrote: tuple[str, ...]
    amiss: tuple[str, ...]

    @property
    def first_good(self) -> float | None:
        """When a page that no cache has was answered again (s); None if there was no gap."""
        before, after = self.seen["uncached"].gap
        return after if after - before >= _STALLED and after > 0 else None

    @property
    def lasted(self) -> float:
        """When the last reader came, in seconds after the fault."""
        return max((began for seen in self.seen.values() for began, _ in seen.visits), default=0.0)

    @property
    def failures(self) -> tuple[str, ...]:
        """What must not be after any fault: sentences."""
        return tuple(self._failures())

    def _failures(self) -> Iterator[str]:
        if not self.verdict.known:
            yield f"whether {self.verdict.acknowledged} acknowledged are there is not known"
        if lost := self.verdict.lost:
            yield f"{len(lost)} acknowledged and lost: {', '.join(lost)}"
        if doubled := self.verdict.doubled:
            yield f"{len(doubled)} there twice: {', '.join(doubled)}"
        yield from self.both_wrote
        if self.served_after is None:
            yield "the site did not come back"
        yield from (f"amiss: {one}" for one in self.amiss)

    def lines(self) -> Iterator[str]:
        """All of it, for who reads it."""
        yield f"{time.strftime('%F %T', time.localtime(self.began))}  {self.says}"
        rows = [(event.after, event.says, event.host) for event in self.timeline]
        if self.first_good is not None:
            rows.append((self.first_good, "the first good answer", ""))
        if self.served_after is not None:
            rows.append((self.served_after, "an editor's work is taken", ""))
        if self.well_after is not None:
            rows.append((self.well_after, "all is well", ""))
        for after, says, host in sorted(rows):
            yield f"  {after:6.1f} s  {says}{f'  ({host})' if host else ''}"
        for kind, seen in self.seen.items():
            yield f"readers, {kind}: {seen.report()}"
        longest = max((one.seconds for one in self.work), default=0.0)
        done = self.verdict
        kept = f"{len(done.lost)} lost, {len(done.doubled)} doubled"
        yield (
            f"editors: {done.acknowledged} acknowledged, {done.refused} refused,"
            f" {kept if done.known else 'what is lost is not known'};"
            f" one waited for {longest:.1f} s"
        )
        if not self.both_wrote:
            yield "at no time were both machines primary"

    def as_json(self) -> dict[str, Any]:
        """The same for scripts."""
        kept = asdict(self)
        kept["seen"] = {
            kind: [
                (began, visit.seconds, visit.status, visit.error) for began, visit in seen.visits
            ]
            for kind, seen in self.seen.items()
        }
        figures = {"first_good": self.first_good, "failures": self.failures}
        return kept | figures

    def keep(self, folder: Path) -> None:
        """Write it into a folder, which is made."""
        folder.mkdir(parents=True)
        (folder / REPORT).write_text(json.dumps(self.as_json(), indent=1))
        (folder / "report.txt").write_text("\n".join((*self.lines(), *self.failures)) + "\n")
