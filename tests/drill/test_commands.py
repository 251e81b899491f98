"""``fab drill:…`` and ``fab history``, as the operator types them, without a lab and a cluster."""

import pytest

from tests.test_fabfile import fab


def test_a_fault_without_a_lab_is_refused_and_says_what_there_is() -> None:
    done = fab("drill:poweroff-active", "--cluster=examples/pair.cfg")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "drill:poweroff-active takes a lab, and none runs: `fab lab:up` starts it;"
        " a real cluster has drill:switchover\n"
    )


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none_is_one_line(count: str) -> None:
    done = fab("drill:switchover", f"--count={count}", "--cluster=examples/pair.cfg")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"--count={count}: expected a number, 1 at least\n"


def test_nothing_is_done_where_nobody_can_be_asked() -> None:
    done = fab("drill:switchover", "--cluster=examples/pair.cfg")
    assert done.returncode == 1
    assert done.stderr == "Do it? Nobody is there to say so: --yes does\n"
