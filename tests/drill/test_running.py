"""A drill from its load to its report, on a site that is stood in for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tandem.drill import running
from tandem.drill.editors import Verdict, Work
from tandem.drill.report import Report
from tandem.drill.running import drill
from tandem.errors import TandemError
from tandem.failover import moving
from tandem.failover.visitors import Seen
from tandem.rollout.visiting import Visit
from tests.examples import example

CLUSTER = example("cluster")


class Site:
    """What answers, and takes work, unless it is broken; mended it goes on."""

    def __init__(self) -> None:
        self.broken = False
        self.mended = 0
        self.tidy = False

    def breaks(self) -> None:
        self.broken = True

    def mend(self) -> None:
        self.mended += 1
        self.broken = False


class Editing:
    """Editors who send a page each time that somebody looks what came of the last."""

    folder = "tandem-drill"
    site: Site

    def __init__(self, *_: object) -> None:
        self.sent: list[Work] = []

    @property
    def work(self) -> list[Work]:
        said = 503 if self.site.broken else 201
        self.sent.append(Work(f"page-{len(self.sent)}", time.time(), 0.0, said))
        return self.sent

    @contextmanager
    def going_on(self) -> Iterator[None]:
        yield

    def verdict(self) -> Verdict:
        if self.site.broken:
            raise TandemError("www.example.org: answers 503")
        return Verdict(len(self.sent), 0)

    def tidy_up(self) -> None:
        self.site.tidy = True


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site, which a drill sees instead of the cluster's."""
    made = Site()

    class Came:
        seen = Seen([(0.0, Visit(200, 0.1))])

    @contextmanager
    def came(*_: object, **__: object) -> Iterator[Came]:
        yield Came()

    @contextmanager
    def roles(*_: object) -> Iterator[list[object]]:
        yield []

    monkeypatch.setattr(Editing, "site", made, raising=False)
    monkeypatch.setattr(running, "Editing", Editing)
    monkeypatch.setattr(running, "visitors", came)
    monkeypatch.setattr(running, "roles", roles)
    monkeypatch.setattr(running, "events", lambda *_: ())
    for module in (running, moving):
        monkeypatch.setattr(
            module, "visits", lambda _: {"www": Visit(503 if made.broken else 200, 0)}
        )
    monkeypatch.setattr(moving, "look", lambda _: None)
    monkeypatch.setattr(moving, "disturbances", lambda *_: ())
    times = {"_BEFORE": 0.0, "_EVERY": 0.01, "_SERVED_WITHIN": 0.2, "_WELL_WITHIN": 0.4}
    for name, seconds in times.items():
        monkeypatch.setattr(running, name, seconds)
    return made


def drilled(begin: Callable[[], None], mend: Callable[[], None], *, stays: bool = False) -> Report:
    says = "the site breaks"
    told: list[str] = []
    file = Path("cluster.cfg")
    return drill(file, CLUSTER, "secret", "breaks", says, begin, mend, told.append, stays=stays)


def test_a_site_that_goes_on_has_no_failures_and_is_tidied_up(site: Site) -> None:
    report = drilled(lambda: None, lambda: None)
    assert report.failures == ()
    assert report.served_after is not None
    assert site.tidy


def test_a_site_that_never_comes_back_is_reported_and_so_is_its_folder(site: Site) -> None:
    report = drilled(site.breaks, lambda: None)
    assert report.served_after is None
    assert report.failures == (
        f"whether {report.verdict.acknowledged} acknowledged are there is not known",
        "the site did not come back",
        "amiss: www: no answer",
        "amiss: tandem-drill is still there: www.example.org: answers 503",
    )


def test_what_comes_back_only_once_it_is_mended_is_mended_before(site: Site) -> None:
    assert drilled(site.breaks, site.mend, stays=True).failures == ()
    assert site.mended > 1


def test_what_does_not_stay_has_to_come_back_by_itself(site: Site) -> None:
    assert drilled(site.breaks, site.mend).served_after is None
