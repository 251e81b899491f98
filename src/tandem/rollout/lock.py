"""One roll-out at a time: a lock on a machine, with a name and a time in it.

A process there has it, as long as it hears from us over ssh: a roll-out that was killed, or whose
network went away, leaves no lock behind.
"""

import getpass
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from time import monotonic
from typing import Final

from tandem.rollout.remote import HostError, Remote

_EVERY: Final = 5
"""How often we say that we are still there, in seconds."""
_SILENCE: Final = 20
"""After how long without a word the lock is given up, in seconds."""

_HOLDING: Final = """\
mkdir -p /run/tandem
exec 9>>/run/tandem/deploy.lock
if ! flock --nonblock 9; then
    echo "taken $(cat /run/tandem/deploy.lock)"
    exit 0
fi
echo {who} >/run/tandem/deploy.lock
echo held
while [ "$(timeout {silence} head -c 1 | tr '\\n' .)" = . ]; do :; done
"""


@contextmanager
def locked(remote: Remote) -> Iterator[Callable[[], str]]:
    """Nobody else rolls out to this machine meanwhile; raises HostError, with who does it.

    Gives what says why that is no longer so, and nothing while it is.
    """
    who = f"{getpass.getuser()}@{socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M:%S}"
    script = _HOLDING.format(who=shlex.quote(who), silence=_SILENCE)
    with remote.talking(script) as (say, hear):
        answer = hear()
        if answer != "held":
            by = answer.removeprefix("taken ").strip() or "somebody else"
            raise HostError(remote.host.name, f"{by} rolls out here: wait for the end of that")
        said = [monotonic()]
        ended = threading.Event()

        def say_so() -> None:
            # What is raised here is told by what is not said any more.
            with suppress(Exception):
                while not ended.wait(_EVERY):
                    say(b"\n")
                    said[0] = monotonic()

        def lost() -> str:
            silent = monotonic() - said[0] > _SILENCE - _EVERY
            return f"the lock on {remote.host.name} was lost" if silent else ""

        thread = threading.Thread(target=say_so, daemon=True)
        thread.start()
        try:
            yield lost
        finally:
            ended.set()
            thread.join()
