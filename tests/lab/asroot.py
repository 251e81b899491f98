"""Tests that only root can run."""

import os
from collections.abc import Callable
from typing import Any

import pytest

Test = Callable[..., Any]


def as_root(test: Test) -> Test:
    """Mark a test that only root can run, and skip it for others."""
    skip = pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to make a machine's disk")
    marked: Test = pytest.mark.root(skip(test))
    return marked
