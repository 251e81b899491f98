"""A roll-out in two rounds: what makes VMs, and what is done on them once they are there."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.rollout import doing
from tandem.rollout.deploying import Outcome, Plans
from tandem.rollout.facts import Facts
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout.asdescribed import wanted

CLUSTER = example("containers")


def test_a_description_that_changed_while_vms_booted_is_not_rolled_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare = Survey(
        CLUSTER,
        "",
        {name: wanted(CLUSTER, name) for name in CLUSTER.hosts},
        {
            name: HostError(name, "no answer") if host.vm else Facts()
            for name, host in CLUSTER.hosts.items()
        },
    )
    looks = iter((bare, bare, replace(bare, cluster=replace(CLUSTER, name="another"))))
    carried_out: list[Plans] = []

    def done(plans: Plans, *_: object) -> Sequence[Outcome]:
        carried_out.append(plans)
        return ()

    monkeypatch.setattr(doing, "look", lambda *_: next(looks))
    monkeypatch.setattr(doing, "alone", lambda _: nullcontext(lambda: ""))
    monkeypatch.setattr(doing, "arrive", lambda *_: {})
    monkeypatch.setattr(doing, "done", done)
    with pytest.raises(TandemError, match="the description changed meanwhile"):
        doing.deployed(Path("cluster.cfg"), "", yes=True)
    assert carried_out == [bare.plans]
