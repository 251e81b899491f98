"""What an option does, and where it ends up."""

import pytest

from tandem.errors import TandemError
from tandem.explain import explain, find
from tandem.model import SECTIONS
from tandem.model.option import options_of
from tests.examples import FILES, example

CLUSTER = example("cluster")
OPTIONS = [
    (section, name)
    for section, kind in SECTIONS.items()
    for name, option in options_of(kind).items()
    if not option.acts
]


@pytest.mark.parametrize(("section", "name"), OPTIONS)
def test_an_option_exists_only_because_something_carries_it_out(section: str, name: str) -> None:
    assert any(explain(example(cluster), section, name).ends_up for cluster in FILES)


def test_deadtime_ends_up_in_ha_cf_of_both_machines() -> None:
    explained = explain(example("cluster"), "heartbeat", "deadtime")
    assert explained.files == {"/etc/ha.d/ha.cf": ["master", "slave"]}
    assert explained.value == "5"


def test_what_profiles_are_told_counts_as_a_place() -> None:
    files = explain(example("cluster"), "zeoclient-vm", "threads").files
    assert "profiles: ${zeoclient1:threads}" in files


def test_an_option_of_one_section_can_be_asked_for_by_both_names() -> None:
    assert find(CLUSTER, "heartbeat:deadtime") == (("heartbeat", "deadtime"),)
    assert find(CLUSTER, "deadtime") == (("heartbeat", "deadtime"),)


def test_an_option_of_several_sections_is_explained_for_each() -> None:
    assert ("frontend-vm", "memory") in find(CLUSTER, "memory")
    assert ("MACHINE", "memory") in find(CLUSTER, "memory")


def test_a_machines_option_is_explained_for_that_machine() -> None:
    assert find(CLUSTER, "slave:volume-group") == (("slave", "volume-group"),)
    files = explain(CLUSTER, "slave", "volume-group").files
    assert files["/etc/xen/auto/zeoclient-slave.cfg"] == ["slave"]
    assert "/etc/xen/auto/zeoclient-master.cfg" not in files


def test_a_size_is_said_as_it_is_written() -> None:
    assert explain(CLUSTER, "zeoserver-vm", "disk").value == "40G"


def test_a_section_that_is_not_there_has_no_options() -> None:
    with pytest.raises(TandemError, match="no option maste:memory: did you mean"):
        find(CLUSTER, "maste:memory")


def test_an_option_that_is_not_there_is_a_line_with_a_guess() -> None:
    with pytest.raises(TandemError, match="no option deadtme: did you mean deadtime"):
        find(CLUSTER, "deadtme")


@pytest.mark.parametrize("name", ["containers", "traditional"])
def test_every_option_can_be_explained_in_a_cluster_that_does_without_it(name: str) -> None:
    for section, kind in SECTIONS.items():
        for option in options_of(kind):
            assert explain(example(name), section, option).name == option


def test_the_sites_are_no_options() -> None:
    with pytest.raises(TandemError, match="has a line for each host name"):
        find(CLUSTER, "sites")
