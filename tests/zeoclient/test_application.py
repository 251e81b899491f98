"""Zope made as an application without work in vain."""

import gc
from collections.abc import Iterator
from importlib.metadata import PathDistribution, distributions

import pytest

from tandem.zeoclient import application


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the application changes in this process is changed back."""
    monkeypatch.setattr(PathDistribution, "read_text", PathDistribution.read_text)
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("as_before")
def test_no_garbage_is_collected_until_it_is_made_and_what_is_there_then_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected: list[bool] = []

    def make(_: object, zope_conf: str) -> str:
        collected.append(gc.isenabled())
        return zope_conf

    monkeypatch.setattr(application, "make_wsgi_app", make)
    assert application.factory({}, "zope.conf") == "zope.conf"  # type: ignore[comparison-overlap]
    assert collected == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000


@pytest.mark.usefixtures("as_before")
def test_a_packages_metadata_is_the_same_but_for_its_long_description() -> None:
    before = [one.metadata for one in distributions()]
    application.read_headers_alone()
    for ours, theirs in zip((one.metadata for one in distributions()), before, strict=True):
        for header in theirs:
            if header != "Description":
                assert ours.get_all(header) == theirs.get_all(header)
        assert not (ours["Description"] or "").strip()
    assert {"Plone", "Zope"} <= {theirs["Name"] for theirs in before}
