"""Zope's admin and the Plone sites of the description, made where they are missing.

Run by ``bin/zeoclient1 run``, which gives it Zope's application as ``app``, with the file that
holds the admin's password, the freshness of cached pages in seconds (0: no cache), and the sites'
paths.
"""

import sys
from pathlib import Path
from typing import Any

import transaction
from Products.CMFPlone.factory import addPloneSite
from zope.component.hooks import setSite


def set_admin(app: Any, password: str) -> None:
    """Give Zope's root a Manager named admin with this password."""
    users = app.acl_users
    if "admin" in users.getUserNames():
        users.userFolderEditUser("admin", password, ["Manager"], [])
    else:
        users.userFolderAddUser("admin", password, ["Manager"], [])


def make_site(app: Any, path: str, freshness: int) -> bool:
    """Make the Plone site where there is nothing yet; say whether it was made."""
    *folders, name = path.strip("/").split("/")
    container = app
    for folder in folders:
        if folder not in container.objectIds():
            container.manage_addFolder(folder)
        container = container[folder]
    if name in container.objectIds():
        return False
    site = addPloneSite(
        container, name, title=name, setup_content=True, distribution_name="classic"
    )
    setSite(site)
    if freshness:
        set_up_caching(site, freshness)
    return True


def set_up_caching(site: Any, freshness: int) -> None:
    """Let shared caches keep anonymous visitors' pages for ``freshness`` seconds."""


def main(app: Any, arguments: list[str]) -> None:
    """Do it all, and commit after each site."""
    password_file, freshness, *paths = arguments
    set_admin(app, Path(password_file).read_text().strip())
    transaction.commit()
    for path in paths:
        if make_site(app, path, int(freshness)):
            print(f"made {path}")
        transaction.commit()


if __name__ == "__main__":
    main(globals()["app"], sys.argv[3:])
