"""The recipe that makes a part for each Plone client of a host."""

import pytest
from zc.buildout import UserError

from tests.recipes.conftest import MakeBuildout

ZEOCLIENTS = """
[zeoclients]
recipe = tandem:zeoclients
[zeoclient]
user = admin:
eggs = Zope
"""


def test_a_vm_gets_as_many_clients_as_the_description_says(make_buildout: MakeBuildout) -> None:
    text = "[zeoclient-vm]\nclients = 3\n[here]\nname = zeoclient-slave\n"
    buildout = make_buildout(ZEOCLIENTS + text)
    assert buildout["zeoclients"]["names"] == "zeoclient1 zeoclient2 zeoclient3"
    assert buildout["zeoclient3"]["http-address"] == "10.0.0.32:8083"


def test_a_computer_of_its_own_gets_one_vms_worth_of_clients(make_buildout: MakeBuildout) -> None:
    buildout = make_buildout(ZEOCLIENTS)
    assert buildout["zeoclients"]["names"] == "zeoclient1 zeoclient2"
    assert buildout["zeoclient2"]["http-address"] == "127.0.0.1:8082"


@pytest.mark.parametrize("host", ["frontend", "master"])
def test_a_host_without_clients_is_told_which_ones_have_them(
    make_buildout: MakeBuildout, host: str
) -> None:
    buildout = make_buildout(ZEOCLIENTS + f"[here]\nname = {host}\n")
    with pytest.raises(UserError) as raised:
        buildout["zeoclients"]
    assert str(raised.value) == (
        f"here.cfg: [here] name: '{host}' has no Plone clients:"
        " expected zeoclient-master, zeoclient-slave"
    )


def test_where_any_host_will_do_another_role_gets_no_client(make_buildout: MakeBuildout) -> None:
    text = ZEOCLIENTS.replace("[zeoclients]\n", "[zeoclients]\nrole =\n")
    buildout = make_buildout(text + "[here]\nname = frontend\n")
    assert buildout["zeoclients"]["names"] == ""


def test_every_client_has_the_common_settings(make_buildout: MakeBuildout) -> None:
    buildout = make_buildout(ZEOCLIENTS + "zodb-cache-size = 12345\n")
    buildout["zeoclients"]
    assert buildout["zeoclient1"]["zodb-cache-size"] == "12345"


def test_a_section_for_a_single_client_is_refused_with_the_place_for_settings(
    make_buildout: MakeBuildout,
) -> None:
    buildout = make_buildout(ZEOCLIENTS + "[zeoclient1]\nthreads = 4\n")
    with pytest.raises(UserError, match=r"expected settings for all clients, in \[zeoclient\]"):
        buildout["zeoclients"]
