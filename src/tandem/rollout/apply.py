"""Doing a plan's steps on a host."""

import io
import shlex
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from time import time
from typing import Final

from tandem.rendering import File
from tandem.rollout.plan import Step
from tandem.rollout.remote import Remote

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


def apply(remote: Remote, steps: Iterable[Step], tell: Callable[[str], None]) -> Iterator[Step]:
    """Do the steps in their order; files that follow each other are sent at once.

    Each is given back once it is done. Raises HostError at the first that fails.
    """
    for sent, group in groupby(steps, key=lambda step: step.file is not None):
        together = tuple(group)
        for some in (together,) if sent else ((step,) for step in together):
            tell(some[0].says if len(some) == 1 else f"write {len(some)} files")
            if sent:
                files = [step.file for step in some if step.file]
                remote.run(f"{_STEP}{placing(files)}", tar_of(files))
            else:
                remote.run(f"{_STEP}{some[0].does}")
            yield from some


def placing(files: Sequence[File]) -> str:
    """POSIX shell that puts files in their places, which come in a tar on its standard input."""
    return _PLACING.format(paths=" ".join(shlex.quote(str(file.path)) for file in files))


def tar_of(files: Iterable[File]) -> bytes:
    """A tar of the files, root's, each with its mode, and as new as it is.

    Heartbeat sees by a file's time whether there is something to be read anew.
    """
    now = time()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for file in files:
            content = file.text.encode()
            entry = tarfile.TarInfo(str(file.path))
            entry.size, entry.mode, entry.mtime = len(content), file.mode, now
            tar.addfile(entry, io.BytesIO(content))
    return written.getvalue()
