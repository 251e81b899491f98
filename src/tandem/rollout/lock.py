"""One roll-out at a time: a lock on a machine, with a name and a time in it.

A process there has it, as long as it hears from us over ssh: a roll-out that was killed, or whose
network went away, leaves no lock behind.
"""

import getpass
import shlex
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
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
def locked(remote: Remote) -> Iterator[None]:
    """Nobody else rolls out to this machine meanwhile; raises HostError, with who does it."""
    who = f"{getpass.getuser()}@{socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M:%S}"
    script = _HOLDING.format(who=shlex.quote(who), silence=_SILENCE)
    with remote.talking(script) as (say, hear):
        answer = hear()
        if answer != "held":
            by = answer.removeprefix("taken ").strip() or "somebody else"
            raise HostError(remote.host.name, f"{by} rolls out here: wait for the end of that")
        ended = threading.Event()

        def say_so() -> None:
            with suppress(OSError):
                while not ended.wait(_EVERY):
                    say(b"\n")

        thread = threading.Thread(target=say_so, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
