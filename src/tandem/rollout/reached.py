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
import sys, urllib.request
from concurrent.futures import ThreadPoolExecutor
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def ready(url):
    try:
        opener.open(url, timeout=3).close()
    except OSError:
        return False
    return True
urls = sys.argv[1:]
with ThreadPoolExecutor(len(urls)) as pool:
    print(*(url for url, well in zip(urls, pool.map(ready, urls)) if well))
"""


def not_yet(seen: Survey, step: Step, turn: Turn) -> str:
    """Why a client's turn cannot come as it was planned; empty where it can.

    It can where visitors were to notice nothing, and another client is still ready.
    """
    if step.visitors:
        return ""
    others = [url for one in seen.cluster.clients if (url := url_of(one)) != turn.url]
    found = _ready(seen, others)
    none = found is not None and not found
    return "the frontend finds no other Plone client ready now" if none else ""


def check_reached(seen: Survey, host: Host, turn: Turn) -> None:
    """Raise HostError where the frontend does not find a client ready, which says that it is."""
    found = _ready(seen, [turn.url])
    if found is not None and not found:
        raise HostError(host.name, "it is ready, and the frontend does not reach it")


def _ready(seen: Survey, urls: Collection[str]) -> Collection[str] | None:
    """Those of the URLs at which the frontend finds a ready client; None: it cannot be asked."""
    frontend = next(
        (
            host
            for host in seen.cluster.hosts.values()
            if "frontend" in host.roles and lives_on(host, seen.active, seen.active)
        ),
        None,
    )
    if frontend is None or frontend.name not in seen.known or not urls:
        return None
    try:
        with Remote(frontend, seen.cluster.ssh) as remote:
            return remote.run(f"python3 -c '{_ASKING}' {' '.join(urls)}", within=20).split()
    except HostError:
        return None
