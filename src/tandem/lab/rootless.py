"""Root for those who are not: in a user namespace they may do all that the lab takes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from tandem.errors import TandemError
from tandem.images.apart import USER_NAMESPACE

_NEW: Final = ("unshare", *USER_NAMESPACE, "--")


def go_where_we_are_root() -> None:
    """Unless this program is root's, execute it anew as root of a user namespace of its own.

    What it makes there for other accounts belongs to the subordinate ids of its user (subuid(5)).
    Raises TandemError.
    """
    if os.geteuid() == 0:
        return
    done = subprocess.run((*_NEW, "true"), capture_output=True, text=True, check=False)
    if done.returncode:
        why = ", ".join(done.stderr.splitlines()) or "it says nothing"
        raise TandemError(
            "the lab takes root, or a user namespace, which cannot be made:"
            f" {why}; sudo bin/fab lab:up does without"
        )
    _again(_NEW)


def go_where_root_is(process: int) -> None:
    """Unless this program is root's, execute it anew in the user namespace of a process."""
    if os.geteuid() != 0:
        _again(("nsenter", f"--target={process}", "--user", "--"))


def _again(within: Sequence[str]) -> None:
    os.execvp(within[0], (*within, sys.executable, *sys.orig_argv[1:]))  # noqa: S606  # a list
