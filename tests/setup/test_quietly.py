"""``quietly.sh``: while packages are installed nothing starts, and nothing of that stays behind.

Each test has a ``/usr/sbin`` of its own, in a namespace that ends with it.
"""

import subprocess
from pathlib import Path

import pytest

QUIETLY = Path(__file__).parents[2] / "src/tandem/setup/quietly.sh"
POLICY = "/usr/sbin/policy-rc.d"


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` as root of a namespace with an empty /usr/sbin; it finds ``$quietly``."""
    return subprocess.run(
        [
            "unshare",
            "--mount",
            "--map-root-user",
            "sh",
            "-c",
            f"mount -t tmpfs none /usr/sbin\n{script}",
        ],
        env={"PATH": "/usr/bin:/bin", "quietly": str(QUIETLY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    if run("true").returncode != 0:
        pytest.skip("this computer lets its users make no namespaces")


def test_services_are_forbidden_to_start_meanwhile() -> None:
    ran = run(f'sh "$quietly" "" sh -c "{POLICY}; echo answer \\$?"')
    assert ran.stdout == "answer 101\n"


def test_the_policy_is_gone_afterwards() -> None:
    ran = run('sh "$quietly" "" true; ls /usr/sbin')
    assert ran.stdout == ""


def test_the_policy_is_gone_after_a_failure_too_which_is_passed_on() -> None:
    ran = run('sh "$quietly" "" sh -c "exit 7"; echo "status $?"; ls /usr/sbin')
    assert ran.stdout == "status 7\n"


def test_a_policy_that_a_kill_left_behind_forbids_nothing_and_goes() -> None:
    ran = run(
        f"""
        sh "$quietly" "" sh -c 'kill -9 $PPID'
        ls /usr/sbin
        {POLICY}
        echo answer $?
        ls /usr/sbin
        """
    )
    assert ran.stdout == "policy-rc.d\nanswer 0\n"


def test_the_policy_holds_while_the_command_goes_on_after_a_kill() -> None:
    ran = run(
        f"""
        sh "$quietly" "" sh -c 'kill -9 $PPID; {POLICY}; echo answer $?'
        """
    )
    assert ran.stdout == "answer 101\n"


def test_an_administrators_own_policy_stays() -> None:
    ran = run(f'echo mine > {POLICY}; sh "$quietly" "" true; cat {POLICY}')
    assert ran.stdout == "mine\n"


def test_services_are_switched_off_for_the_next_boot_even_after_a_failure() -> None:
    ran = run(
        """
        printf '#!/bin/sh\\necho "$@"\\n' > /usr/sbin/systemctl
        chmod 755 /usr/sbin/systemctl
        sh "$quietly" "haproxy rsync" false
        """
    )
    assert {"--quiet disable haproxy", "--quiet disable rsync"} <= set(ran.stdout.splitlines())
