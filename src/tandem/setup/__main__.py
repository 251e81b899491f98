"""``python3 -m tandem.setup``: refuses an unfit Python in one line, then hands on to ``main``.

This file keeps to syntax that every Python 3 reads, or an old one would answer with a SyntaxError.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def _refuse_unfit_python() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    low, high = re.findall(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text)[0]
    mine = sys.version_info[:2]
    if not (3, int(low)) <= mine < (3, int(high)):
        sys.exit(
            f"make: {sys.executable} is Python {mine[0]}.{mine[1]}: expected 3.{low} to "
            f"3.{int(high) - 1}; name another, as in make PYTHON=/usr/bin/python3.{low} ..."
        )


if __name__ == "__main__":
    _refuse_unfit_python()
    from tandem.setup.main import main

    sys.exit(main(sys.argv[1:], ROOT))
