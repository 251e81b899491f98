"""A developer's debug client on another stack's data."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import BIN, CHECKOUT, Running

WRITE = """
import transaction
app.written_by_debug = True
transaction.commit()
print("written")
"""
READ = "print('sites:', [site.getId() for site in app.objectValues('Plone Site')])\n"


@pytest.fixture
def laptop(stack: Running, tmp_path: Path) -> "Laptop":
    return Laptop(tmp_path, stack.ports["zeoserver"])


class Laptop:
    """A buildout of its own, whose debug client uses the ZEO server on a port of this computer."""

    def __init__(self, directory: Path, zeo_port: int) -> None:
        self.directory = directory
        self.zeo_port = zeo_port

    def build(self, text: str = "") -> None:
        config = self.directory / "my.cfg"
        config.write_text(
            f"[buildout]\nextends = {CHECKOUT}/profiles/zeoclient.cfg\nparts = zeoclient-debug\n"
            f"[zeoclient-debug]\nzeo-address = 127.0.0.1:{self.zeo_port}\n{text}"
        )
        subprocess.run(
            [BIN / "buildout", "-N", "-c", config], check=True, capture_output=True, text=True
        )

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        file = self.directory / "script.py"
        file.write_text(script)
        return subprocess.run(
            [self.directory / "bin" / "zeoclient-debug", "run", file],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


def test_it_reads_the_data_of_the_zeo_server_it_was_given(laptop: Laptop) -> None:
    laptop.build()
    assert "sites: ['Plone']" in laptop.run(READ).stdout


def test_read_only_it_reads_but_cannot_write(laptop: Laptop) -> None:
    laptop.build("read-only = true\n")
    assert "sites: ['Plone']" in laptop.run(READ).stdout
    tried = laptop.run(WRITE)
    assert "written" not in tried.stdout
    assert "ReadOnlyError" in tried.stderr


def test_without_read_only_it_writes(laptop: Laptop) -> None:
    laptop.build()
    assert "written" in laptop.run(WRITE).stdout
