from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.zeoclient.processes import Client, ZeoServer, until


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ZeoServer, Client]]:
    directory: Path = tmp_path_factory.mktemp("pair")
    zeo = ZeoServer(directory / "zeo")
    client = Client(directory / "client", zeo.database("main", "/"))
    try:
        zeo.start()
        client.start()
        yield zeo, client
    finally:
        client.kill()
        zeo.kill()


@pytest.fixture
def zeo(pair: tuple[ZeoServer, Client]) -> ZeoServer:
    """The server of ``client``'s database."""
    return pair[0]


@pytest.fixture
def client(pair: tuple[ZeoServer, Client]) -> Client:
    """A client that is ready."""
    until(pair[1].is_ready, 10, "the client is ready")
    return pair[1]


@pytest.fixture
def own_zeo(tmp_path: Path) -> Iterator[ZeoServer]:
    """A server for one test alone."""
    server = ZeoServer(tmp_path / "zeo")
    server.start()
    yield server
    server.kill()
