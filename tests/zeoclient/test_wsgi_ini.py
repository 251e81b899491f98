"""templates/zope/wsgi.ini beside the template that plone.recipe.zope2instance would use."""

import re
from configparser import ConfigParser

from plone.recipe.zope2instance import recipe

from tests.zeoclient.processes import ROOT

OURS = (ROOT / "templates" / "zope" / "wsgi.ini").read_text()
SERVER = recipe.wsgi_server_main_templates["default"]
THEIRS = (recipe.default_wsgi_ini_template + recipe.default_wsgi_logging_ini_template).replace(
    "%(server_main)s", SERVER
)


def sections(template: str) -> dict[str, dict[str, str]]:
    parser = ConfigParser(interpolation=None)
    parser.read_string(template.replace("%(fast-listen)s", ""))
    return {name: dict(parser[name]) for name in parser.sections()}


def test_all_but_the_server_and_what_makes_the_application_is_the_recipe_s_own() -> None:
    ours, theirs = sections(OURS), sections(THEIRS)
    del ours["server:main"], theirs["server:main"]
    del ours["app:zope"]["use"], theirs["app:zope"]["use"]
    assert ours == theirs


def test_the_server_keeps_the_recipe_s_options() -> None:
    ours, theirs = sections(OURS)["server:main"], sections(THEIRS)["server:main"]
    del theirs["paste.server_factory"]
    for changed in ("use", "asyncore_use_poll"):
        del theirs[changed]
    assert theirs.items() <= ours.items()
    assert "%(fast-listen)slisten" in OURS


def test_the_first_line_says_what_made_it() -> None:
    assert re.match(r"# Made by Tandem from templates/zope/wsgi\.ini", OURS)
