"""All tests: first those that can run side by side, then those that need the computer alone.

``python -m tests.suite ARGUMENTS`` gives the arguments to pytest, both times.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

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

PASSED = pytest.ExitCode.OK
FAILED = pytest.ExitCode.TESTS_FAILED
NONE = pytest.ExitCode.NO_TESTS_COLLECTED


def main(arguments: Sequence[str]) -> int:
    """Run pytest on both kinds of tests; the exit status that stands for both."""
    return verdict(_statuses(arguments))


def _statuses(arguments: Sequence[str]) -> Iterator[int]:
    for kind in (SIDE_BY_SIDE, ALONE):
        with subprocess.Popen([sys.executable, "-m", "pytest", *kind, *arguments]) as running:
            # A Ctrl-C is pytest's own, too: it has to stop what its tests have started.
            with suppress(KeyboardInterrupt):
                running.wait()
            yield running.wait()


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
