"""The cluster's sites, as a visitor at the operator's computer finds them."""

import http.client
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from typing import Final

from tandem.model import Cluster, Site

_TIMEOUT: Final = 5
"""How long a site may take to answer, in seconds."""


@dataclass(frozen=True)
class Visit:
    """What a site answered: the HTTP status, or why there is none, and how long that took (s)."""

    status: int
    seconds: float
    error: str = ""

    @property
    def well(self) -> bool:
        """Whether it is an answer that a visitor has use of."""
        return not self.error and self.status < 400


def visits(cluster: Cluster) -> Mapping[str, Visit]:
    """Each site's front page, asked for at the floating IP, by the site's host name.

    All are asked for at once: where none answers, that takes no longer than one.
    """
    with ThreadPoolExecutor(len(cluster.sites)) as pool:
        found = pool.map(lambda site: visit(cluster, site), cluster.sites)
        return dict(zip((site.host for site in cluster.sites), found, strict=True))


def visit(cluster: Cluster, site: Site, timeout: float = _TIMEOUT, cached: bool = True) -> Visit:
    """The site's front page, asked for once; or a small one that Plone makes anew each time."""
    started = monotonic()
    headers = {"User-Agent": "fab"} | ({} if cached else {"Cookie": "__ac=x"})
    try:
        # Plone has no HEAD of a site's root.
        status, _ = answer(cluster, site, "GET", "/" if cached else "/robots.txt", headers, timeout)
        return Visit(status, monotonic() - started)
    except (OSError, http.client.HTTPException) as error:
        why = "no answer" if isinstance(error, TimeoutError) else str(error)
        return Visit(0, monotonic() - started, why)


def answer(
    cluster: Cluster,
    site: Site,
    method: str,
    path: str,
    headers: Mapping[str, str],
    timeout: float,
    body: str | None = None,
) -> tuple[int, bytes]:
    """What a site answers at the floating IP: the HTTP status and the body.

    ``timeout``: in seconds. Raises OSError and HTTPException.
    """
    address = str(cluster.floating_ip.ip)
    named = {"Host": address if site.host == "*" else site.host}
    connection = http.client.HTTPConnection(address, cluster.ports.frontend, timeout=timeout)
    try:
        connection.request(method, path, body, {**named, **headers})
        answered = connection.getresponse()
        return answered.status, answered.read()
    finally:
        connection.close()
