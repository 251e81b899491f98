"""VMs that were just made are known by the keys that their machines gave them."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Self

import pytest

from tandem.model import Host, Ssh
from tandem.rollout import arriving
from tandem.rollout.arriving import arrive, introduce, remember
from tandem.rollout.remote import HostError
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout import asdescribed

KEY = "ssh-ed25519 AAAAnew frontend"


def test_a_new_host_is_known_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / ".ssh/known_hosts"
    remember(file, "10.0.0.21", KEY)
    assert file.read_text() == "10.0.0.21 ssh-ed25519 AAAAnew\n"


def test_a_host_that_was_made_anew_is_known_by_its_new_key_alone(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("10.0.0.22 ssh-ed25519 AAAAother\n10.0.0.21 ssh-ed25519 AAAAold\n")
    remember(file, "10.0.0.21", KEY)
    assert file.read_text().splitlines() == [
        "10.0.0.22 ssh-ed25519 AAAAother",
        "10.0.0.21 ssh-ed25519 AAAAnew",
    ]


@pytest.fixture
def bare(tmp_path: Path) -> Survey:
    """What is seen of machines without anything, and of VMs whose host keys are not known."""
    cluster = example("containers")
    cluster = replace(cluster, ssh=replace(cluster.ssh, known_hosts=str(tmp_path / "known")))
    return asdescribed.bare(cluster, "the host key is not known")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has machines say the host keys that they made, but for those whose connections break off."""

    def answering(*but: str, key: str = KEY) -> None:
        class Answering:
            def __init__(self, host: Host, _: Ssh) -> None:
                self.host = host

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                """End the connection."""

            def run(self, script: str, **_: float) -> str:
                if self.host.name in but:
                    raise HostError(self.host.name, "broke off")
                return key if script.startswith("cat ") else ""

        monkeypatch.setattr(arriving, "Remote", Answering)

    return answering


def known(seen: Survey) -> set[str]:
    """The VMs that are known."""
    file = arriving.known_hosts(seen.cluster.ssh)
    addresses = {line.split()[0] for line in file.read_text().splitlines()}
    return {name for name, host in seen.cluster.hosts.items() if host.address in addresses}


ON_LEFT = {"frontend", "zeoserver", "zeoclient-left"}
UNSAID = "right did not say what its host key is: broke off"


def test_a_machine_that_breaks_off_hides_no_vm_of_another(
    bare: Survey, answering: Callable[..., None]
) -> None:
    answering("right")
    learned, unsaid = introduce(bare)
    assert learned
    assert known(bare) == ON_LEFT
    assert set(unsaid) == {"zeoclient-right"}
    assert unsaid["zeoclient-right"].sentence == UNSAID


def test_vms_of_machines_that_made_no_keys_stay_unknown(
    bare: Survey, answering: Callable[..., None]
) -> None:
    answering(key="")
    assert introduce(bare) == (False, {})


def test_new_vms_of_one_machine_are_waited_for_though_another_breaks_off(
    bare: Survey, answering: Callable[..., None]
) -> None:
    answering("right")
    waited: set[str] = set()
    outcomes = arrive(bare.cluster, bare.made_by, lambda name, _: waited.add(name))
    assert waited == known(bare) == ON_LEFT
    errors = {one.host: one.error for one in outcomes}
    assert errors == {**dict.fromkeys(ON_LEFT, ""), "zeoclient-right": UNSAID}


def test_how_long_a_new_vm_took_until_it_was_there_is_told(
    bare: Survey, answering: Callable[..., None]
) -> None:
    answering()
    (outcome,) = arrive(bare.cluster, {"left": ("frontend",)}, lambda *_: time.sleep(0.1))
    assert (outcome.done, outcome.steps, outcome.error) == (1, 1, "")
    assert outcome.took == (("boot", outcome.seconds),)
    assert outcome.seconds >= 0.1


def test_a_vm_that_does_not_come_in_time_says_why(
    bare: Survey, answering: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering("frontend")
    monkeypatch.setattr(arriving, "WITHIN", 0)
    (outcome,) = arrive(bare.cluster, {"left": ("frontend",)}, lambda *_: None)
    assert (outcome.done, outcome.error) == (0, "broke off")


def test_no_vm_is_waited_for_once_the_operator_breaks_it_off(
    bare: Survey, answering: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering("frontend")
    monkeypatch.setattr(arriving, "WITHIN", 40)

    another_boots = Event()

    def interrupt(name: str, _: str) -> None:
        if name == "zeoserver":
            another_boots.wait()
            raise KeyboardInterrupt
        another_boots.set()

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        arrive(bare.cluster, {"left": ("zeoserver", "frontend")}, interrupt)
    assert time.monotonic() - began < 20
