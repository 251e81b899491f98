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
def writable(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What a debug client said that read, then wrote."""
    return Laptop(tmp_path_factory.mktemp("writable"), stack.ports["zeoserver"]).ran()


@pytest.fixture(scope="module")
def read_only(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What one said that read, and that tried to write though it was made unable to."""
    laptop = Laptop(tmp_path_factory.mktemp("read-only"), stack.ports["zeoserver"])
    return laptop.ran("read-only = true\n")


class Laptop:
    """A buildout of its own, whose debug client uses the ZEO server on a port of this computer."""

    def __init__(self, directory: Path, zeo_port: int) -> None:
        self.directory = directory
        self.zeo_port = zeo_port

    def ran(self, text: str = "") -> Ran:
        """Build it and run the script; ``text`` changes the client's settings."""
        config = self.directory / "my.cfg"
        config.write_text(
            f"[buildout]\nextends = {CHECKOUT}/profiles/zeoclient.cfg\nparts = zeoclient-debug\n"
            f"[zeoclient-debug]\nzeo-address = 127.0.0.1:{self.zeo_port}\n{text}"
        )
        subprocess.run(
            [BIN / "buildout", "-N", "-c", config], check=True, capture_output=True, text=True
        )
        file = self.directory / "script.py"
        file.write_text(SCRIPT)
        return subprocess.run(
            [self.directory / "bin" / "zeoclient-debug", "run", file],
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
