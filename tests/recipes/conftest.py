"""A real buildout for the recipes' tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from zc.buildout.buildout import Buildout

EXAMPLE = """
[cluster]
name = example
machines = master slave
[frontend-vm]
address = 10.0.0.21
[zeoserver-vm]
address = 10.0.0.22
[zeoclient-vm]
addresses = master:10.0.0.31 slave:10.0.0.32
[sites]
www.example.org = /Plone
"""

MakeBuildout = Callable[[str], Any]


@pytest.fixture
def make_buildout(tmp_path: Path) -> Iterator[MakeBuildout]:
    """Makes the Buildout object of an example cluster, with the given text at its end."""
    before = Path.cwd()

    def make(text: str) -> Any:
        config = tmp_path / "buildout.cfg"
        config.write_text(f"[buildout]\nparts =\n{EXAMPLE}{text}")
        return Buildout(str(config), [], use_user_defaults=False)

    yield make
    os.chdir(before)
