"""Reading the facts of hosts, many at once: what one of them does not say hides no other's."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

from tandem.errors import TandemError
from tandem.model import Cluster, Host
from tandem.rollout.facts import Facts, answered
from tandem.rollout.question import question
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.wanted import Wanted

T = TypeVar("T")

_AT_ONCE: Final = 32
_WITHIN: Final = 20
"""How long a host may take to say the next of what is on it, in seconds."""


def at_once(
    hosts: Iterable[Host], does: Callable[[Host], T], broken_off: Event | None = None
) -> dict[str, T | HostError]:
    """What each host's work gave, done for all at the same time, or what went wrong with it.

    What works is waited for when the operator breaks it off, once it was told by ``broken_off``.
    """

    def attempt(host: Host) -> T | HostError:
        try:
            return does(host)
        except HostError as error:
            return error

    hosts = tuple(hosts)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            return dict(zip((host.name for host in hosts), pool.map(attempt, hosts), strict=True))
        except BaseException:
            if broken_off:
                broken_off.set()
            raise


def read(remote: Remote, cluster: Cluster, wanted: Wanted) -> Facts:
    """What there is on a host of the cluster; raises HostError."""
    answer = remote.run(question(cluster, remote.host, wanted), within=_WITHIN)
    try:
        return answered(answer)
    except TandemError as error:
        raise HostError(remote.host.name, error.report()) from None
