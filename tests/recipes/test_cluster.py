"""The recipe that gives profiles the facts of the description."""

import pytest
from zc.buildout import UserError

from tests.recipes.conftest import MakeBuildout

CLUSTER = "[tandem]\nrecipe = tandem:cluster\n"


def test_on_a_vm_the_zeo_address_is_that_of_the_zeoserver_vm(make_buildout: MakeBuildout) -> None:
    buildout = make_buildout(CLUSTER + "[here]\nname = zeoclient-slave\n")
    assert buildout["tandem"]["zeo-address"] == "10.0.0.22:8100"


def test_on_a_computer_of_its_own_all_is_on_loopback(make_buildout: MakeBuildout) -> None:
    tandem = make_buildout(CLUSTER)["tandem"]
    assert tandem["zeo-address"] == "127.0.0.1:8100"
    assert tandem["frontend-url"] == "http://127.0.0.1:8080"


def test_the_cluster_can_be_given_through_substitutions(make_buildout: MakeBuildout) -> None:
    text = "[net]\nof = 10.0.0\n[zeoserver-vm]\naddress = ${net:of}.23\n[here]\nname = frontend\n"
    assert make_buildout(CLUSTER + text)["tandem"]["zeo-address"] == "10.0.0.23:8100"


def test_what_else_is_in_the_buildout_is_not_looked_at(make_buildout: MakeBuildout) -> None:
    tandem = make_buildout(CLUSTER + "[other]\nrecipe = there.is.none\n")["tandem"]
    assert tandem["zeo-address"] == "127.0.0.1:8100"


def test_a_wrong_description_ends_the_buildout_with_a_line_for_each_fault(
    make_buildout: MakeBuildout,
) -> None:
    buildout = make_buildout(CLUSTER + "[ports]\nzeosever = 8100\nfrontend = http\n")
    with pytest.raises(UserError) as raised:
        buildout["tandem"]
    assert str(raised.value).splitlines() == [
        "cluster.cfg: [ports] zeosever: no such option; did you mean zeoserver?",
        "cluster.cfg: [ports] frontend: 'http': expected a whole number from 1 to 65535",
    ]


def test_a_here_that_names_no_vm_ends_the_buildout(make_buildout: MakeBuildout) -> None:
    buildout = make_buildout(CLUSTER + "[here]\nname = zeoclient-node3\n")
    with pytest.raises(
        UserError, match=r"here\.cfg: \[here\] name: no machine or VM zeoclient-node3"
    ):
        buildout["tandem"]


def test_a_debug_client_listens_on_loopback_alone(make_buildout: MakeBuildout) -> None:
    text = "[here]\nname = zeoclient-slave\n"
    assert make_buildout(CLUSTER + text)["tandem"]["debug-address"] == "127.0.0.1"


def test_a_debug_client_that_somebody_may_reach_listens_on_the_vms_address(
    make_buildout: MakeBuildout,
) -> None:
    text = "[here]\nname = zeoclient-slave\n[zeoclient-vm]\ndebug-from = 10.0.0.99\n"
    assert make_buildout(CLUSTER + text)["tandem"]["debug-address"] == "10.0.0.32"


def test_the_data_outlives_the_checkout_on_a_vm_of_the_cluster(make_buildout: MakeBuildout) -> None:
    tandem = make_buildout(CLUSTER + "[here]\nname = zeoserver\n")["tandem"]
    assert tandem["data"] == "/srv/tandem/data"


@pytest.mark.parametrize("host", ["master", "frontend", "zeoclient-master"])
def test_a_host_without_the_role_that_a_profile_is_for_ends_the_buildout(
    make_buildout: MakeBuildout, host: str
) -> None:
    buildout = make_buildout(CLUSTER + f"role = zeoserver\n[here]\nname = {host}\n")
    with pytest.raises(UserError) as raised:
        buildout["tandem"]
    assert str(raised.value) == (
        f"here.cfg: [here] name: '{host}' has no ZEO server: expected zeoserver"
    )


@pytest.mark.parametrize("here", ["", "[here]\nname = zeoserver\n"])
def test_the_right_host_and_this_computer_have_the_role(
    make_buildout: MakeBuildout, here: str
) -> None:
    assert make_buildout(CLUSTER + "role = zeoserver\n" + here)["tandem"]["zeo-address"]


def test_without_vms_the_pair_has_every_role(make_buildout: MakeBuildout) -> None:
    text = (
        "role = zeoserver\n[here]\nname = slave\n[cluster]\nhypervisor = none\n"
        "floating-ip = 10.0.0.10/24\n[network]\npublic-gateway =\n"
        "[zeoclient-vm]\naddresses = master:10.0.0.11 slave:10.0.0.12\n"
    )
    assert make_buildout(CLUSTER + text)["tandem"]["zeo-address"]


def test_a_role_that_is_none_ends_the_buildout(make_buildout: MakeBuildout) -> None:
    buildout = make_buildout(CLUSTER + "role = zeosrver\n")
    with pytest.raises(UserError, match=r"^\[tandem\] role: 'zeosrver': expected frontend or"):
        buildout["tandem"]


def test_the_frontends_apache_is_for_the_frontend(make_buildout: MakeBuildout) -> None:
    text = "[apache]\nrecipe = tandem:apache\n[here]\nname = zeoserver\n"
    with pytest.raises(UserError, match=r"'zeoserver' has no Apache: expected frontend$"):
        make_buildout(text)["apache"]
