"""Zope as a WSGI application, for ``[app:zope]`` in ``wsgi.ini``, made without work in vain."""

import gc
from importlib.metadata import PathDistribution
from os import PathLike
from wsgiref.types import WSGIApplication

from Zope2.Startup.run import make_wsgi_app


def factory(global_conf: dict[str, str], zope_conf: str) -> WSGIApplication:
    """A ``paste.app_factory``: Zope's own, which ``zope_conf``, a file, configures.

    Nearly all that is made meanwhile is there to the end, so that the garbage collector looks
    through it in vain: it does not begin before that, and leaves out later what is there by then
    (``gc.freeze``).
    """
    gc.disable()
    read_headers_alone()
    application: WSGIApplication = make_wsgi_app(global_conf, zope_conf)
    gc.collect()
    gc.freeze()
    gc.enable()
    return application


def read_headers_alone() -> None:
    """Have importlib.metadata read a package's metadata without its long description.

    plone.autoinclude and Chameleon ask each package for its name and version, and email parses the
    descriptions, line by line, for each answer.
    """
    read = PathDistribution.read_text

    def read_text(self: PathDistribution, filename: str | PathLike[str]) -> str | None:
        text = read(self, filename)
        if text is not None and filename in ("METADATA", "PKG-INFO"):
            # A header that is folded has no empty line in it (RFC 5322, section 2.2).
            text = text.partition("\n\n")[0] + "\n"
        return text

    PathDistribution.read_text = read_text  # type: ignore[method-assign]
