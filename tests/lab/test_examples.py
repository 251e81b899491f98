"""Any description can be rehearsed: the shipped ones come up, and their sites answer."""

import pytest

from tests.examples import example
from tests.lab.conftest import Start
from tests.lab.running import eventually, pair_said, visited

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("name", ["traditional", "containers", "pair", "capacity"])
def test_it_comes_up_in_sync_and_its_site_answers(start: Start, name: str) -> None:
    virtual = example(name).virtual
    with start(name, hypervisor="nspawn" if virtual else "") as lab:
        eventually(lambda: visited(lab, timeout=30) == 200, 180)
        disks = pair_said(lab, "drbdadm dstate all")
        assert {word for said in disks.values() for word in said.split()} == {"UpToDate/UpToDate"}
        assert lab.states() == dict.fromkeys(lab.cluster.machines, "on")
