"""The readiness address: one verdict, asked for over HTTP.

A balancer asks ``/@@tandem-ready`` on the client's own port and gets 200 while the client can
read from its databases, 503 with a one-line reason otherwise. The answer is the last verdict of
a background probe, so it needs neither the database nor Zope.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from tandem.model import READY_PATH


@dataclass(frozen=True)
class Verdict:
    """Whether this client can read from its databases, and why (one line, for the reader)."""

    ready: bool
    reason: str


def answered(
    app: WSGIApplication, verdict: Callable[[], Verdict], asked: Callable[[], None]
) -> WSGIApplication:
    """``app`` with the readiness address in front of it; all other requests pass unchanged.

    ``asked`` is called when it is a balancer that asks: mod_proxy_hcheck says no User-Agent,
    unlike people and monitors.

    Any method gets the verdict (balancers ask with GET, HEAD or OPTIONS). It must be the
    outermost part of the pipeline, or each check is written to the access log.
    """

    def readiness_or_app(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != READY_PATH:
            return app(environ, respond)
        if "HTTP_USER_AGENT" not in environ:
            asked()
        found = verdict()
        body = f"{found.reason}\n".encode()
        respond(
            "200 OK" if found.ready else "503 Service Unavailable",
            [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return readiness_or_app
