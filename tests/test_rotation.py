"""Secrets change while the cluster runs: in steps in which both machines always agree."""

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.model.sections import SecretFiles
from tandem.rotation import Keys, next_step, rotate
from tandem.secrets import secrets_of
from tests.examples import example

OLD, NEW = (1, "old"), (2, "new")


@pytest.fixture
def cluster() -> Cluster:
    return example("cluster")


def test_first_the_new_key_is_believed_and_the_old_one_signs() -> None:
    step = next_step((OLD,), "new")
    assert (step.number, step.keys, step.changes_drbd) == (1, (OLD, NEW), True)


def test_then_the_new_key_signs_and_the_old_one_is_still_believed() -> None:
    step = next_step((OLD, NEW), "unused")
    assert (step.number, step.keys, step.changes_drbd) == (2, (NEW, OLD), False)


def test_last_the_old_key_goes() -> None:
    step = next_step((NEW, OLD), "unused")
    assert (step.number, step.keys, step.changes_drbd) == (3, (NEW,), False)


@pytest.mark.parametrize("first", range(1, 16))
def test_whatever_number_a_key_has_the_next_rotation_takes_three_steps(first: int) -> None:
    keys: Keys = ((first, "old"),)
    numbers = []
    for _ in range(3):
        step = next_step(keys, "new")
        numbers.append(step.number)
        keys = step.keys
    assert numbers == [1, 2, 3]
    assert [key for _, key in keys] == ["new"]
    assert 1 <= keys[0][0] <= 15


@pytest.mark.parametrize("first", [1, 2, 15])
def test_machines_that_are_one_step_apart_believe_each_others_signing_key(first: int) -> None:
    before: Keys = ((first, "old"),)
    for _ in range(3):
        after = next_step(before, "new").keys
        assert before[0] in after
        assert after[0] in before
        before = after


def test_a_whole_rotation_changes_both_secrets_and_keeps_the_others(
    cluster: Cluster, tmp_path: Path
) -> None:
    before = secrets_of(cluster, tmp_path, make_missing=True)
    for _ in range(3):
        rotate(cluster, tmp_path)
    after = secrets_of(cluster, tmp_path, make_missing=False)
    assert after.drbd != before.drbd
    assert after.heartbeat[0][1] != before.heartbeat[0][1]
    assert len(after.heartbeat) == 1
    assert after.fence == before.fence


def test_nothing_is_rotated_before_anything_was_made(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(TandemError, match="there is nothing to rotate yet"):
        rotate(cluster, tmp_path)


def test_a_file_of_the_operators_is_his_to_change(cluster: Cluster, tmp_path: Path) -> None:
    own = replace(cluster, secrets=SecretFiles(heartbeat="my-key"))
    (tmp_path / "my-key").write_text("secret\n")
    secrets_of(own, tmp_path, make_missing=True)
    with pytest.raises(TandemError, match=r"my-key is a file of yours"):
        rotate(own, tmp_path)
    assert (tmp_path / "my-key").read_text() == "secret\n"
