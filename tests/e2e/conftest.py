"""The stack that the end-to-end tests share."""

from collections.abc import Iterator

import pytest

from tests.e2e.running import Running, make_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One stack for all tests here, which leave it running and well."""
    running = make_stack(tmp_path_factory.mktemp("stack"))
    started = running.local("run")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield running
    finally:
        running.end()
