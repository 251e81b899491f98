"""A step of a plan."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from tandem.images.cache import Tell
from tandem.rendering import File
from tandem.rollout.remote import Remote


class Phase(IntEnum):
    """When a step is done: ahead of all that visitors could notice, in its host's turn, or last.

    What is not in turn is done on all hosts at once.
    """

    AHEAD = 0
    IN_TURN = 1
    LAST = 2


class Content(Protocol):
    """What is sent to a host; two are equal that send the same."""

    def content(self, remote: Remote, tell: Tell) -> bytes:
        """What the host lacks of it, as a tar; raises TandemError or OSError.

        ``tell`` takes how far it is with what has to be made first.
        """


@dataclass(frozen=True)
class Step:
    """Something to be done on a host.

    ``says`` is for the operator. ``file`` is written; ``does`` is POSIX shell for root, which gets
    on its standard input what ``sends`` sends, and may be done twice. ``visitors`` says what they
    notice, and is empty where that is nothing. ``removes`` is the path of a file that goes, without
    its first slash. ``undo`` takes the step back when it, or one after it, has failed.
    """

    says: str
    does: str = ""
    file: File | None = None
    diff: tuple[str, ...] = ()
    visitors: str = ""
    removes: str = ""
    phase: Phase = Phase.IN_TURN
    sends: Content | None = None
    undo: str = ""
