"""Secrets change on the operator's computer, all or none."""

from dataclasses import replace
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.model.sections import SecretFiles
from tandem.rotation import instructions, rotate
from tandem.secrets import make, secrets_of
from tests.examples import example


@pytest.fixture
def cluster() -> Cluster:
    return example("cluster")


def test_a_rotation_changes_what_the_machines_share_and_keeps_the_bmcs_passwords(
    cluster: Cluster, tmp_path: Path
) -> None:
    before = secrets_of(cluster, tmp_path, make_missing=True)
    assert rotate(cluster, tmp_path) == ("heartbeat", "drbd")
    after = secrets_of(cluster, tmp_path, make_missing=False)
    assert after.drbd != before.drbd
    assert after.heartbeat != before.heartbeat
    assert after.fence == before.fence


def test_the_admins_password_goes_so_that_make_run_makes_a_new_one(
    cluster: Cluster, tmp_path: Path
) -> None:
    admin = tmp_path / "var" / "secrets" / "admin"
    make(admin)
    assert rotate(cluster, tmp_path) == ("admin",)
    assert not admin.exists()


def test_nothing_is_rotated_before_anything_was_made(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(TandemError, match="no secret to change: none was made yet"):
        rotate(cluster, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_of_the_operators_is_his_to_change(cluster: Cluster, tmp_path: Path) -> None:
    own = replace(cluster, secrets=SecretFiles(heartbeat="my-key"))
    (tmp_path / "my-key").write_text("secret\n")
    secrets_of(own, tmp_path, make_missing=True)
    assert rotate(own, tmp_path) == ("drbd",)
    assert (tmp_path / "my-key").read_text() == "secret\n"


def test_the_standbys_heartbeat_stops_first_and_starts_last(cluster: Cluster) -> None:
    steps = instructions(("heartbeat", "drbd"), cluster, "parts/rollout")
    assert steps[0].startswith("On the standby machine: systemctl stop heartbeat")
    assert steps[-1] == "On the standby machine: systemctl start heartbeat"


def test_heartbeat_is_left_alone_when_its_key_stays(cluster: Cluster) -> None:
    steps = instructions(("drbd",), cluster, "parts/rollout")
    assert len(steps) == 2
    assert "systemctl" not in "".join(steps)
