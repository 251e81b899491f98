"""Which Debian packages are missing, and what is done or said about it."""

from pathlib import Path

import pytest

from tandem.setup import packages
from tandem.setup.packages import Package
from tandem.setup.steps import Outcome

ROOT = Path(__file__).parents[2]
APACHE = Package("apache2-bin", ("run", "frontend"), ("apache2",), "no frontend", "")
HAPROXY = Package("haproxy", ("bench",), ("haproxy",), "no comparison", "haproxy")
VENV = Package("python3-venv", ("setup",), ("python:ensurepip", "uv"), "no environment", "")
ALL = (APACHE, HAPROXY, VENV)


def nothing_is_there(_sign: str) -> bool:
    return False


def test_a_package_is_missing_only_where_its_purpose_is_asked_for() -> None:
    assert packages.missing(ALL, ["setup", "run"], nothing_is_there) == (APACHE, VENV)


def test_one_sign_of_several_is_enough_for_a_package_to_be_there() -> None:
    assert packages.missing(ALL, ["setup"], lambda sign: sign == "uv") == ()


def test_a_program_in_sbin_is_there_for_an_ordinary_user_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert packages.is_there("ldconfig")


def test_a_module_that_python_lacks_is_not_there() -> None:
    assert packages.is_there("python:json")
    assert not packages.is_there("python:no_such_module")


def test_root_needs_no_sudo() -> None:
    assert packages.way_to_root(root=True, sudo=True) == ()


def test_an_ordinary_user_needs_sudo() -> None:
    assert packages.way_to_root(root=False, sudo=True) == ("sudo", "-n")


def test_without_sudo_there_is_no_way_to_root() -> None:
    assert packages.way_to_root(root=False, sudo=False) is None


def test_an_installation_names_its_packages_and_the_services_that_stay_off() -> None:
    command = packages.installation([APACHE, HAPROXY])
    assert command[2] == "haproxy"
    assert command[-3:] == ("install", "apache2-bin", "haproxy")


def test_an_installation_never_removes_a_package() -> None:
    assert "--no-remove" in packages.installation([APACHE])


def test_lists_of_packages_that_were_never_fetched_are_fetched() -> None:
    assert packages.mending("E: Unable to locate package wrk")[-1] == "update"


def test_a_package_that_the_mirror_has_replaced_makes_the_lists_be_fetched() -> None:
    assert packages.mending("Err:1 wrk 4.1\n  404  Not Found [IP: 192.0.2.1]")[-1] == "update"


def test_an_interrupted_dpkg_is_mended_first() -> None:
    printed = "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct it"
    assert packages.mending(printed)[-2:] == ("--configure", "-a")


def test_a_package_that_this_debian_has_not_is_told_from_the_others() -> None:
    printed = (
        "E: Unable to locate package xen-utils-4.17\n"
        "E: Package 'heartbeat' has no installation candidate\n"
    )
    assert packages.unknown_to_apt(printed) == {"xen-utils-4.17", "heartbeat"}


def test_another_failure_is_not_tried_again() -> None:
    assert packages.mending("E: Could not get lock /var/lib/dpkg/lock-frontend") == ()


def test_a_refusal_by_sudo_is_told_from_a_failing_command() -> None:
    refused = Outcome(1, "sudo: a password is required\n")
    failed = Outcome(1, "E: Unable to locate package wrk\n")
    assert packages.reason(refused, apt=True).startswith("that takes root")
    assert not packages.reason(failed, apt=True).startswith("that takes root")


def test_advice_names_the_packages_what_goes_without_them_and_the_command() -> None:
    assert packages.advice([APACHE], "that takes root") == (
        "Not installed: apache2-bin (that takes root)\n"
        "  without apache2-bin: no frontend\n"
        "  get it with: sudo apt-get update &&"
        " sudo apt-get install --no-install-recommends apache2-bin"
    )


def test_each_package_in_the_list_says_all_that_is_needed_of_it() -> None:
    listed = packages.read((ROOT / "debian-packages.cfg").read_text())
    assert all(package.purposes and package.there and package.without for package in listed)


HERE = {"setup", "run", "test", "lint", "bench", "docs", "lab"}
ON_HOSTS = {"machine", "pair", "nspawn", "vm", "operator"}


def test_only_the_setup_itself_and_known_purposes_are_in_the_list() -> None:
    roles = {file.stem for file in (ROOT / "profiles").glob("*.cfg")}
    listed = packages.read((ROOT / "debian-packages.cfg").read_text())
    purposes = {purpose for package in listed for purpose in package.purposes}
    assert purposes == (HERE - {"docs"} | ON_HOSTS | roles) - {"node"}


def test_nothing_that_makes_this_computer_a_machine_of_a_cluster_is_installed_on_it() -> None:
    listed = packages.read((ROOT / "debian-packages.cfg").read_text())
    installed = {
        package.name: package for package in packages.missing(listed, HERE, nothing_is_there)
    }
    assert not {"systemd-sysv", "lvm2", "udev", "dbus", "netbase"} & set(installed)
    # The tests start one of their own; Debian's is switched off.
    assert installed["openssh-server"].service == "ssh"
