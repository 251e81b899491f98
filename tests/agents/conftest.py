"""Machines on which the programs that Tandem renders for them run."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tandem.rendering import File
from tandem.rendering.hosts import host_files
from tests.agents.machine import IDLE, Machine, machine
from tests.examples import example, secrets_for

Boot = Callable[..., Machine]


@cache
def files_of(cluster: str, host: str) -> tuple[File, ...]:
    """The rendered files of a host of an example."""
    described = example(cluster)
    return host_files(described, described.hosts[host], secrets_for(described), "cluster.cfg")


@pytest.fixture(scope="module")
def boot_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boots machines of an example with their files on them, for all tests of a module."""
    yield from _booting(tmp_path_factory)


@pytest.fixture
def boot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Boots machines of an example with their files on them."""
    yield from _booting(tmp_path_factory)


def _booting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    if os.geteuid() != 0:
        pytest.skip("a machine in namespaces takes root")
    with ExitStack() as machines:

        def booted(cluster: str, host: str, init: tuple[str, ...] = IDLE) -> Machine:
            made = machines.enter_context(machine(host, tmp_path_factory.mktemp(host), init))
            made.install(files_of(cluster, host))
            return made

        yield booted
