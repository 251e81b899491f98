"""What programs print when they fail, and what the reader is told."""

import pytest

from tandem.setup.faults import cause


@pytest.mark.parametrize(
    "printed",
    [
        "error: failed to copy file: No space left on device (os error 28)",
        "E: You don't have enough free space in /var/cache/apt/archives/.",
        "OSError: [Errno 28] No space left on device",
    ],
)
def test_a_full_disk_is_called_a_full_disk(printed: str) -> None:
    assert cause(printed).startswith("the disk is full")


@pytest.mark.parametrize(
    "printed",
    [
        "  cause: dns error\n  cause: failed to lookup address information",
        "NewConnectionError: [Errno -3] Temporary failure in name resolution",
        "W: Failed to fetch http://mirror/InRelease  Temporary failure resolving 'mirror'",
    ],
)
def test_a_lost_network_is_called_no_network_and_a_wheelhouse_is_offered(printed: str) -> None:
    assert cause(printed).startswith("no network")
    assert "WHEELHOUSE" in cause(printed)


def test_a_lock_of_apts_is_waited_for_by_the_reader() -> None:
    printed = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)"
    assert cause(printed).startswith("another program is installing Debian packages")


def test_a_lock_that_apt_got_in_the_end_is_not_the_cause() -> None:
    printed = (
        "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend.\n"
        "E: Unable to locate package nonesuch"
    )
    assert "nonesuch" in cause(printed)


def test_an_ask_without_a_pin_leads_to_make_pins() -> None:
    printed = "error: Hash-checking is required, but no trusted hash was provided for: `rich`"
    assert cause(printed).startswith("requirements.txt has no pin for rich")


def test_a_file_with_another_sum_is_not_to_be_installed() -> None:
    assert "do not install it" in cause("  cause: Hash mismatch for `genshi==0.7.12`")


def test_all_faults_of_a_description_are_told() -> None:
    printed = (
        "While:\n  Installing.\nError: cluster.cfg: [a] one: wrong\ncluster.cfg: [b] two: wrong"
    )
    assert cause(printed) == "cluster.cfg: [a] one: wrong\ncluster.cfg: [b] two: wrong"


def test_of_an_unknown_failure_the_last_error_is_told() -> None:
    assert cause("working\nError: it broke\n") == "it broke"


def test_a_failure_without_a_word_is_told_as_such() -> None:
    assert cause("") == "it said nothing"
