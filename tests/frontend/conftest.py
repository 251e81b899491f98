import shutil
from collections.abc import Iterator

import pytest

from tests.frontend.stack import Frontend, running


@pytest.fixture(scope="session", autouse=True)
def apache() -> None:
    if not shutil.which("apache2", path="/usr/sbin:/usr/bin"):
        pytest.skip("Debian's apache2-bin is not installed")


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontend]:
    with running(tmp_path_factory.mktemp("frontend")) as frontend:
        yield frontend


@pytest.fixture
def frontend(shared: Frontend) -> Frontend:
    """A frontend with two clients and no cache, all well."""
    shared.all_well()
    return shared


@pytest.fixture(scope="package")
def shared_with_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontend]:
    with running(tmp_path_factory.mktemp("cache"), cache="apache") as frontend:
        yield frontend


@pytest.fixture
def caching(shared_with_cache: Frontend) -> Frontend:
    """A frontend with two clients and Apache's cache, all well."""
    shared_with_cache.all_well()
    return shared_with_cache
