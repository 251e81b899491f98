"""How Sphinx makes the handbook."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Tandem"
html_title = "Tandem"
extensions = ["myst_parser", "options_reference"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_show_copyright = False
html_show_sphinx = False
exclude_patterns = ["_build"]
