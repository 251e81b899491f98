"""Rendering: pure, the same to the byte, and complete."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from tandem.description import cluster_from, sections_in
from tandem.model import Cluster
from tandem.rendering import CHECKOUT, Place, render

PLACE = Place(
    parts=PurePosixPath("/srv/tandem/parts/frontend"),
    var=PurePosixPath("/srv/tandem/var/frontend"),
    cache=PurePosixPath("/srv/tandem/var/frontend/cache"),
    python=PurePosixPath("/srv/tandem/.venv/bin/python"),
)


@pytest.fixture
def cluster() -> Cluster:
    return cluster_from(sections_in(CHECKOUT / "cluster.cfg"), "cluster.cfg")


def test_the_same_description_gives_the_same_bytes(cluster: Cluster) -> None:
    first = render("apache", cluster, "cluster.cfg", place=PLACE)
    assert render("apache", replace(cluster), "cluster.cfg", place=PLACE) == first


def test_every_file_says_what_made_it_and_from_which_description(cluster: Cluster) -> None:
    for file in render("apache", cluster, "pair.cfg", place=PLACE):
        if file.path.suffix != ".html":
            assert "Made by Tandem from pair.cfg" in "".join(file.text.splitlines()[:2]), file.path


def test_a_script_is_executable_and_a_configuration_is_not(cluster: Cluster) -> None:
    modes = {str(f.path): f.mode for f in render("apache", cluster, "cluster.cfg", place=PLACE)}
    assert modes["run"] == 0o755
    assert modes["httpd.conf"] == 0o644


def test_the_balancer_has_the_clients_of_all_machines(cluster: Cluster) -> None:
    conf = next(
        file.text
        for file in render("apache", cluster, "cluster.cfg", place=PLACE)
        if file.path.name == "httpd.conf"
    )
    for client in cluster.clients:
        assert f'BalancerMember "http://{client.address}:{client.port}"' in conf
