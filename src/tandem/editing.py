"""Changing words of the operator's description, so that it describes what a command has made."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tandem.description import cluster_in
from tandem.errors import TandemError
from tandem.model import Cluster


def edit(file: Path, words: Mapping[str, str], to_be: Cluster) -> None:
    """Put other words in the place of some, so that the file describes another cluster.

    All else in it stays as the operator wrote it. Raises TandemError, and changes nothing, where
    the words are not there exactly once, or the file would then describe something else.
    """
    with _edited(file, words, to_be) as beside:
        beside.replace(os.path.realpath(file))


def check_edit(file: Path, words: Mapping[str, str], to_be: Cluster) -> None:
    """Raise TandemError where ``edit`` would."""
    with _edited(file, words, to_be):
        pass


@contextmanager
def _edited(file: Path, words: Mapping[str, str], to_be: Cluster) -> Iterator[Path]:
    there = Path(os.path.realpath(file))
    with there.open(encoding="utf-8", newline="") as opened:
        text = opened.read()
    for old, new in words.items():
        # MAC addresses may be written in capitals.
        pattern = re.compile(rf"(?<![^\s=]){re.escape(old)}(?!\S)", re.IGNORECASE)
        if (times := len(pattern.findall(text))) != 1:
            found = f"says {times} times" if times else "does not say"
            raise TandemError(f"{file} {found} {old}, which becomes {new}: expected it there once")
        text = pattern.sub(new, text)
    # What it extends is found from where it is.
    beside = there.with_name(f".{there.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        shutil.copymode(there, beside)
        if cluster_in(beside) != to_be:
            changes = " and ".join(f"{old} changed to {new}" for old, new in words.items())
            raise TandemError(f"{file} with {changes} is not the cluster wanted: edit it by hand")
        yield beside
    finally:
        beside.unlink(missing_ok=True)
