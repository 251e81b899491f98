"""A small WSGI application that stands for a Plone client; run as `backend.py NAME PORT`.

A test steers it by the query of a request (`status`, `header`, `seconds`, `die`), and by
`/__set?ready=0`; everything else is answered with what arrived, as JSON.
"""

import json
import os
import sys
import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from waitress import serve

NAME, PORT = sys.argv[1], int(sys.argv[2])
STATE = {"ready": 1.0, "check": 0.0, "checks": 0.0}
SEEN: list[str] = []


def unchanged(environ: WSGIEnvironment, headers: list[tuple[str, str]]) -> bool:
    """Tell whether the visitor has this answer already (RFC 9110, 13.1)."""
    known = {name.lower(): value for name, value in headers}
    if "HTTP_IF_NONE_MATCH" in environ:
        return bool(environ["HTTP_IF_NONE_MATCH"] == known.get("etag", ""))
    if "HTTP_IF_MODIFIED_SINCE" in environ and "last-modified" in known:
        since = parsedate_to_datetime(environ["HTTP_IF_MODIFIED_SINCE"])
        return parsedate_to_datetime(known["last-modified"]) <= since
    return False


def app(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
    """Answer as the test wants."""
    path, query = environ["PATH_INFO"], parse_qs(environ.get("QUERY_STRING", ""))
    if path == "/@@tandem-ready":
        time.sleep(STATE["check"])
        STATE["checks"] = (STATE["checks"] + 1) * STATE["ready"]
        respond("200 OK" if STATE["ready"] else "503 Service Unavailable", [])
        return [b""]
    if path == "/__set":
        STATE.update({key: float(values[0]) for key, values in query.items()})
        respond("200 OK", [])
        return [b""]
    if path == "/__seen":
        respond("200 OK", [])
        return [json.dumps(SEEN).encode()]
    body = environ["wsgi.input"].read()
    SEEN.append(f"{environ['REQUEST_METHOD']} {environ['REQUEST_URI']}")
    time.sleep(float(query.get("seconds", ["0"])[0]))
    if "die" in query:
        os._exit(1)
    headers = [("Content-Type", "text/plain"), ("X-Client", NAME), ("Server", "waitress/3")]
    for line in query.get("header", []):
        name, _, value = line.partition(": ")
        headers.append((name, value))
    if unchanged(environ, headers):
        respond("304 Not Modified", headers)
        return [b""]
    respond(query.get("status", ["200 OK"])[0], headers)
    arrived = {
        "client": NAME,
        "method": environ["REQUEST_METHOD"],
        "uri": environ["REQUEST_URI"],
        "body": len(body),
        "count": len(SEEN),
        "checks": STATE["checks"],
        "headers": {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        },
    }
    return [json.dumps(arrived).encode()]


if __name__ == "__main__":
    serve(
        app,
        listen=f"127.0.0.1:{PORT}",
        threads=30,
        connection_limit=900,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,
    )
