"""zc.buildout as what reads descriptions: imported without pip, which only its installing takes.

When it is imported it patches how an index of packages is read, and for that imports so much of
pip that it would be a quarter of what a ``fab`` takes to start. Where zc.buildout itself runs, as
it does our recipes, it has been imported whole before.
"""

import logging
import sys
from importlib import import_module

_INDEX = "pip._internal.index.collector"

if "zc.buildout" not in sys.modules and _INDEX not in sys.modules:
    # None makes its import fail, as if there were no pip; of that zc.buildout would warn.
    sys.modules[_INDEX] = None  # type: ignore[assignment]
    logging.getLogger("zc.buildout.patches").disabled = True
    import_module("zc.buildout")
    del sys.modules[_INDEX]

from zc.buildout import UserError, buildout  # noqa: E402

__all__ = ["UserError", "buildout"]
