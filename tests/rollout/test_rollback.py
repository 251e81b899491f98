"""Going back to an earlier release: which one, on which hosts, and in which steps."""

from collections.abc import Mapping
from typing import Any

import pytest

from tandem.errors import TandemError
from tandem.rollout.rollback import releases_in, rollback_of
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout.asdescribed import NOW, OLD, facts, otherwise, wanted

CLUSTER = example("containers")
LEFT, RIGHT = "zeoclient-left", "zeoclient-right"


def seen(given: Mapping[str, Mapping[str, Any]] | None = None) -> Survey:
    to_be = {name: wanted(CLUSTER, name) for name in CLUSTER.hosts}
    there = {
        name: otherwise(facts(one), (given or {}).get(name, {})) for name, one in to_be.items()
    }
    return Survey(CLUSTER, "", to_be, there)


def test_the_hosts_of_a_role_go_back_to_the_release_before_client_by_client() -> None:
    plans = rollback_of(seen(), "zeoclient")
    assert set(plans) == {LEFT, RIGHT}
    assert [step.says for step in plans[LEFT]] == [
        f"go to the release {OLD}",
        *(
            f"start tandem-zeoclient{number}.service anew, out of the balancer until it is ready"
            for number in (1, 2, 3)
        ),
    ]


def test_each_of_these_steps_can_be_taken_back() -> None:
    assert all(step.undo for step in rollback_of(seen(), "zeoclient")[LEFT])


def test_visitors_notice_where_the_zeo_server_goes_back() -> None:
    (steps,) = rollback_of(seen(), "zeoserver").values()
    assert steps[1].visitors == "requests wait, up to 3 s"


def test_a_host_that_is_there_already_has_nothing_to_do() -> None:
    there = {LEFT: {"current": OLD, "runs": {f"tandem-zeoclient{n}.service": OLD for n in "123"}}}
    plans = rollback_of(seen(there), "zeoclient", to=OLD)
    assert plans[LEFT] == ()
    assert plans[RIGHT]


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (OLD, f"zeoclient-left has no release {OLD}: fab releases"),
        ("", "no earlier release is on every zeoclient: fab releases"),
    ],
)
def test_where_one_host_has_no_such_release_none_goes_back(to: str, why: str) -> None:
    with pytest.raises(TandemError) as error:
        rollback_of(seen({LEFT: {"not_built": [OLD]}}), "zeoclient", to)
    assert error.value.report().startswith(why)


def test_hosts_that_were_left_on_two_releases_come_together_on_the_earlier_one() -> None:
    runs = {f"tandem-zeoclient{number}.service": OLD for number in (1, 2, 3)}
    plans = rollback_of(seen({LEFT: {"current": OLD, "runs": runs}}), "zeoclient")
    assert plans[LEFT] == ()
    assert plans[RIGHT][0].says == f"go to the release {OLD}"


def test_releases_are_listed_newest_first_with_those_who_run_them() -> None:
    listed = releases_in(seen({LEFT: {"current": OLD}}).known)
    assert list(listed) == [NOW, OLD]
    assert listed[OLD] == {
        "origin": "v1",
        "there": ["frontend", LEFT, RIGHT, "zeoserver"],
        "current": [LEFT],
    }
