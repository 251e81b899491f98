"""A real buildout for the recipes' tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from zc.buildout.buildout import Buildout

from tandem.rendering import CHECKOUT

MakeBuildout = Callable[[str], Any]


@pytest.fixture
def make_buildout(tmp_path: Path) -> Iterator[MakeBuildout]:
    """Makes the Buildout object of the shipped cluster, with the given text at its end."""
    before = Path.cwd()

    def make(text: str) -> Any:
        config = tmp_path / "buildout.cfg"
        config.write_text(f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\nparts =\n{text}")
        return Buildout(str(config), [], use_user_defaults=False)

    yield make
    os.chdir(before)
