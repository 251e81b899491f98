"""Labs that run, for tests: one that several tests share, and what it takes to start another."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tandem.lab.commands import IMAGES
from tandem.lab.lab import Lab
from tandem.lab.starting import described_for, lab_up
from tests.examples import FILES

Start = Callable[..., AbstractContextManager[Lab]]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts the lab of an example; ``hypervisor`` and ``bare`` as for ``fab lab:up``."""

    def started(name: str, hypervisor: str = "", bare: bool = False) -> AbstractContextManager[Lab]:
        folder = tmp_path_factory.mktemp(name)
        description = folder / "cluster.cfg"
        # A Plone client takes half a minute of this computer's time to start.
        text = FILES[name].read_text().replace("\nclients = 2", "\nclients = 1")
        if bare:
            # New volumes are looked through from end to end.
            text = text.replace("\ndisk = 40G", "\ndisk = 6G").replace(
                "\ndisk = 10G", "\ndisk = 4G"
            )
        description.write_text(text)
        described = described_for(description, hypervisor)
        return lab_up(described, folder / "lab", IMAGES, print, bare=bare)

    return started


@pytest.fixture(scope="session")
def lab(start: Start) -> Iterator[Lab]:
    """The shipped cluster, its VMs as system containers; a test leaves it healthy."""
    with start("cluster", hypervisor="nspawn") as running:
        yield running
