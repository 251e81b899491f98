"""Which tests can run side by side, which of those stay together, and which run alone."""

import os
import re
import sys
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# The same programs are started hundreds of times: what Python compiles of them is kept.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

TOGETHER = (
    "tests/e2e/test_(backup|debug_client|rolling)",
    "tests/e2e/",
    "tests/setup/test_whole.py",
    "tests/profiles/",
    "tests/rollout/",
    "tests/test_fabfile.py",
    "tests/test_reference.py",
)
"""What begins so shares something that takes long to make: one process runs all of it.

What takes longest comes first. The end-to-end tests take so long that two stacks are made for them.
"""

KINDS = ("--side-by-side", "--alone", "--beside")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--side-by-side", action="store_true", help="leave the lab's tests out")
    parser.addoption("--alone", action="store_true", help="run those with a cluster in the lab")
    parser.addoption("--beside", action="store_true", help="run those that can run beside one")
    parser.addoption("--soak", action="store_true", help="run only those that make soak runs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the kind that was asked for; without such an option all but what soaks.

    No test is of two kinds: who asks for one more than ``tests.suite`` does gets that one alone.
    """
    asked = [kind for kind in KINDS if config.getoption(kind)]
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        soak = item.get_closest_marker("soak") is not None
        other = any(kind != _kind(item) for kind in asked)
        out = other or soak != config.getoption("--soak")
        (left_out if out else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(kept, key=lambda item: _together(item.nodeid))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave to root what takes root."""
    takes_root = any(item.get_closest_marker(name) for name in ("root", "lab"))
    if takes_root and os.geteuid() != 0:
        pytest.skip("it takes root")


def _kind(item: pytest.Item) -> str:
    if item.get_closest_marker("lab") is None:
        return "--side-by-side"
    return "--alone" if item.get_closest_marker("beside") is None else "--beside"


def _together(nodeid: str) -> int:
    """Which of ``TOGETHER`` it begins with; as many as there are for none."""
    begins = (number for number, begin in enumerate(TOGETHER) if re.match(begin, nodeid))
    return next(begins, len(TOGETHER))


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process a test at a time, and all that stays together to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        together = _together(nodeid)
        return TOGETHER[together] if together < len(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Make the scheduler of tests that run side by side."""
    return Scheduling(config, log)
