"""Doing a plan's steps on a host."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from tandem.errors import TandemError
from tandem.images.cache import Tell
from tandem.rendering import File
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.step import Content, Step
from tandem.rollout.tars import tar_of

# A file is never seen half written, whatever breaks off, nor lost when the power goes; a wrong mode
# is never seen either. What is renamed has to lie in the same file system.
_PLACING: Final = """\
new=/var/lib/tandem/new
rm -rf $new
mkdir -p -m 0700 /var/lib/tandem $new
cd $new
tar -xpf -
for path in {paths}; do
    folder=/${{path%/*}}
    [ -d "$folder" ] || mkdir -p "$folder"
    mv -fT "$path" "$folder/.tandem-new"
    mv -fT "$folder/.tandem-new" "/$path"
done
cd /
rm -rf $new
sync
"""

# One at a time: that of a roll-out which was killed may still be at work.
_STEP: Final = """\
set -eu
export LC_ALL=C
mkdir -p /run/tandem
exec 8>>/run/tandem/step.lock
flock --wait 600 8
"""


def apply(remote: Remote, steps: Iterable[Step], tell: Tell, started: str) -> Iterator[Step]:
    """Do the steps in their order; files that follow each other are sent at once.

    ``started`` is when the roll-out was: what it builds is called so. Each step is given back once
    it is done. Raises HostError at the first that fails.
    """
    for sent, group in groupby(steps, key=lambda step: step.file is not None):
        together = tuple(group)
        for some in (together,) if sent else ((step,) for step in together):
            tell(some[0].says if len(some) == 1 else f"write {len(some)} files")
            if sent:
                files = [step.file for step in some if step.file]
                remote.run(f"{_STEP}{placing(files)}", tar_of(files))
            else:
                step = some[0]
                content = _content(step.sends, remote, tell) if step.sends else b""
                remote.run(f"{_STEP}started={started}\n{step.does}", content)
            yield from some


def _content(sends: Content, remote: Remote, tell: Tell) -> bytes:
    """What is sent; what goes wrong with it on this computer is the one host's fault alone."""
    try:
        return sends.content(remote, tell)
    except HostError:
        raise
    except TandemError as error:
        raise HostError(remote.host.name, error.report()) from None
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        raise HostError(remote.host.name, f"on this computer: {what}") from None


def take_back(remote: Remote, steps: Iterable[Step]) -> None:
    """Undo what can be undone of the steps; raises HostError."""
    # The first of them decides what the others, which start programs anew, start.
    for step in steps:
        if step.undo:
            remote.run(f"{_STEP}{step.undo}")


def placing(files: Sequence[File]) -> str:
    """POSIX shell that puts files in their places, which come in a tar on its standard input."""
    return _PLACING.format(paths=" ".join(shlex.quote(str(file.path)) for file in files))
