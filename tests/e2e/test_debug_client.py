"""A developer's debug client on another stack's data."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import BIN, CHECKOUT, Running

Ran = subprocess.CompletedProcess[str]

SCRIPT = """
import transaction
print('sites:', [site.getId() for site in app.objectValues('Plone Site')], flush=True)
app.written_by_debug = True
transaction.commit()
print("written")
"""


@pytest.fixture(scope="module")
def laptop(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A buildout of its own, whose debug clients use the stack's ZEO server."""
    folder = tmp_path_factory.mktemp("laptop")
    (folder / "script.py").write_text(SCRIPT)
    config = folder / "my.cfg"
    config.write_text(
        f"[buildout]\nextends = {CHECKOUT}/profiles/zeoclient.cfg\n"
        "parts = zeoclient-debug read-only\n"
        f"[zeoclient-debug]\nzeo-address = 127.0.0.1:{stack.ports['zeoserver']}\n"
        "[read-only]\n<= zeoclient-debug\nread-only = true\n"
    )
    command = (BIN / "buildout", "-N", "-c", config)
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture(scope="module")
def writable(laptop: Path) -> Ran:
    """What a debug client said that read, then wrote."""
    return ran(laptop, "zeoclient-debug")


@pytest.fixture(scope="module")
def read_only(laptop: Path) -> Ran:
    """What one said that read, and that tried to write though it was made unable to."""
    return ran(laptop, "read-only")


def ran(laptop: Path, client: str) -> Ran:
    """What a client says that runs the script."""
    return subprocess.run(
        [laptop / "bin" / client, "run", laptop / "script.py"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_it_reads_the_data_of_the_zeo_server_it_was_given(writable: Ran) -> None:
    assert "sites: ['Plone']" in writable.stdout


def test_read_only_it_reads_but_cannot_write(read_only: Ran) -> None:
    assert "sites: ['Plone']" in read_only.stdout
    assert "written" not in read_only.stdout
    assert "ReadOnlyError" in read_only.stderr


def test_without_read_only_it_writes(writable: Ran) -> None:
    assert "written" in writable.stdout
