"""Plone clients as the frontend reaches them: what Apache finds when it checks their health."""

from collections.abc import Collection
from typing import Final

from tandem.model import Host
from tandem.rollout.order import lives_on
from tandem.rollout.remote import HostError, Remote
from tandem.rollout.rolling import Turn, url_of
from tandem.rollout.step import Step
from tandem.rollout.survey import Survey

_ASKING: Final = """\
import sys, time, urllib.request
from concurrent.futures import ThreadPoolExecutor
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def ready(url):
    try:
        opener.open(url, timeout=3).close()
    except OSError:
        return False
    return True
within, *urls = sys.argv[1:]
until = time.monotonic() + float(within)
with ThreadPoolExecutor(len(urls)) as pool:
    while not (found := any(pool.map(ready, urls))) and time.monotonic() < until:
        time.sleep(0.5)
print("some" if found else "none")
"""

_WITHIN: Final = 15
"""How long the frontend may take to find a client ready, in seconds: it may be busy."""


def not_yet(seen: Survey, step: Step, turn: Turn) -> str:
    """Why a client's turn cannot come as it was planned; empty where it can.

    It can where visitors were to notice nothing, and another client is still ready.
    """
    if step.visitors:
        return ""
    others = [url for one in seen.cluster.clients if (url := url_of(one)) != turn.url]
    return "" if _finds(seen, others) else "the frontend finds no other Plone client ready now"


def check_reached(seen: Survey, host: Host, turn: Turn) -> None:
    """Raise HostError where the frontend does not find a client ready, which says that it is."""
    if not _finds(seen, [turn.url]):
        raise HostError(host.name, "it is ready, and the frontend does not reach it")


def _finds(seen: Survey, urls: Collection[str]) -> bool:
    """Whether the frontend finds a ready client at one of the URLs, or cannot be asked.

    Where it does not answer, visitors have no site that a client's turn could take from them.
    """
    frontend = next(
        (
            host
            for host in seen.cluster.hosts.values()
            if "frontend" in host.roles and lives_on(host, seen.active, seen.active)
        ),
        None,
    )
    if frontend is None or frontend.name not in seen.known or not urls:
        return True
    asking = f"python3 -c '{_ASKING}' {_WITHIN} {' '.join(urls)}"
    try:
        with Remote(frontend, seen.cluster.ssh) as remote:
            return remote.run(asking, within=2 * _WITHIN + 10).strip() != "none"
    except HostError:
        return True
