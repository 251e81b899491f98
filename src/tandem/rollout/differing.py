"""How texts differ: of a file, and of all that a release is built of."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Final

from tandem.rollout.facts import Facts
from tandem.rollout.release import Release

_MOST: Final = 100
"""How many lines are shown of what a release is built of; of more, how many there are in a file."""


def lines(before: str, after: str) -> tuple[str, ...]:
    """What a text loses and gains, as in a unified diff."""
    # The first two lines name the files.
    return tuple(unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm=""))[2:]


def since_current(release: Release, facts: Facts) -> tuple[str, ...]:
    """How what a release is built of differs from that of the one that runs; empty if none does."""
    if not facts.built_of:
        return ()
    there = {path: one.text for path, one in facts.built_of.items() if one.text is not None}
    here = release.texts()
    diffs = {
        path: lines(there.get(path, ""), here.get(path, ""))
        for path in sorted({*here, *there})
        if here.get(path) != there.get(path)
    }
    return tuple(_shown(diffs, short=sum(map(len, diffs.values())) > _MOST))


def _shown(diffs: Mapping[str, tuple[str, ...]], *, short: bool) -> Iterator[str]:
    for path, diff in diffs.items():
        if short:
            gained, lost = (sum(line.startswith(sign) for line in diff) for sign in "+-")
            yield f"{path}: {gained} lines more, {lost} less"
        else:
            yield from (f"{path}:", *diff)
