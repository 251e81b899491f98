"""A WSGI filter for tests: requests for ``/block/FILE`` keep their thread until FILE exists."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def factory(_global_conf: dict[str, str]) -> Callable[[WSGIApplication], WSGIApplication]:
    """A ``paste.filter_factory``."""

    def blocking(app: WSGIApplication) -> WSGIApplication:
        def block_or_app(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
            head, block, file = environ["PATH_INFO"].partition("/block/")
            if head or not block:
                return app(environ, respond)
            while not Path("/" + file).exists():
                time.sleep(0.02)
            respond("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "8")])
            return [b"released"]

        return block_or_app

    return blocking
