"""All tests: first those that can run side by side, then those of the lab.

Of the lab's, those with a cluster that has to run in time come first wherever they and others want
the processor at the same time.

``python -m tests.suite ARGUMENTS`` gives the arguments to pytest, each time.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from tempfile import TemporaryFile

import pytest

SLOWEST = ("--durations=20", "--durations-min=10")
# Many of them wait for something most of the time.
SIDE_BY_SIDE = (
    "--side-by-side",
    f"--numprocesses={(os.cpu_count() or 1) + 2}",
    "--no-loadscope-reorder",
    *SLOWEST,
)
ALONE = ("--alone", *SLOWEST)
BESIDE = ("--beside", *SLOWEST)
# They see no other processes and mounts than their own. The shell takes what has ended off the
# kernel, which the first process is to do.
APART = (
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
    *("nice", "-n19", "sh", "-c", '"$@"; exit $?', "beside"),
)

PASSED = pytest.ExitCode.OK
FAILED = pytest.ExitCode.TESTS_FAILED
NONE = pytest.ExitCode.NO_TESTS_COLLECTED


def main(arguments: Sequence[str]) -> int:
    """Run pytest on all kinds of tests; the exit status that stands for all."""
    return verdict(_statuses(arguments))


def _statuses(arguments: Sequence[str]) -> Iterator[int]:
    yield _ended(subprocess.Popen(_pytest(SIDE_BY_SIDE, arguments)))
    apart = APART if os.geteuid() == 0 else ()
    with TemporaryFile("w+") as said:
        command = (*apart, *_pytest(BESIDE, arguments))
        beside = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield _ended(subprocess.Popen(_pytest(ALONE, arguments)))
            status = _ended(beside)
        finally:
            beside.kill()
            said.seek(0)
            print(said.read(), end="", flush=True)
        yield status


def _pytest(kind: Sequence[str], arguments: Sequence[str]) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", *kind, *arguments)


def _ended(running: subprocess.Popen[bytes]) -> int:
    with running:
        # A Ctrl-C is pytest's own, too: it has to stop what its tests have started.
        with suppress(KeyboardInterrupt):
            running.wait()
        return running.wait()


def verdict(statuses: Iterator[int]) -> int:
    """The exit status that stands for all; after one that tells of no tests none is asked for.

    That a call had no tests to run counts only if no call had any.
    """
    seen = []
    for status in statuses:
        seen.append(status)
        if status not in (PASSED, FAILED, NONE):
            return status
    return next((status for status in (FAILED, PASSED) if status in seen), NONE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
