"""Zope's admin and the Plone sites of the description, made where they are missing.

Run by ``bin/zeoclient1 run``, which gives it Zope's application as ``app``, with the file that
holds the admin's password, the freshness of cached pages in seconds (0: no cache), and the sites'
paths.
"""

import sys
from pathlib import Path
from typing import Any

import transaction
from plone.caching.interfaces import ICacheSettings
from plone.registry import FieldRef, Record
from plone.registry.interfaces import IRegistry
from Products.CMFPlone.factory import addPloneSite
from zope.component import getUtility
from zope.component.hooks import setSite

MODERATE = "plone.app.caching.moderateCaching"
WEAK = "plone.app.caching.weakCaching"
PAGES = ("plone.content.itemView", "plone.content.folderView")


def set_admin(app: Any, password: str) -> None:
    """Give Zope's root a Manager named admin with this password."""
    users = app.acl_users
    if "admin" in users.getUserNames():
        users.userFolderEditUser("admin", password, ["Manager"], [])
    else:
        users.userFolderAddUser("admin", password, ["Manager"], [])


def make_site(app: Any, path: str) -> Any:
    """The Plone site at the path, made where there is nothing yet."""
    *folders, name = path.strip("/").split("/")
    container = app
    for folder in folders:
        if folder not in container.objectIds():
            container.manage_addFolder(folder)
        container = container[folder]
    if name not in container.objectIds():
        addPloneSite(container, name, title=name, setup_content=True, distribution_name="classic")
    return container[name]


def set_up_caching(site: Any, freshness: int) -> None:
    """Let shared caches keep anonymous visitors' pages for ``freshness`` seconds.

    These are plone.app.caching's own settings for sites behind a caching proxy, but pages may be
    shared, and nothing stays longer than that in a cache that Plone can't purge.
    """
    setSite(site)
    setup = site.portal_setup
    for profile in ("default", "with-caching-proxy"):
        setup.runAllImportStepsFromProfile(f"profile-plone.app.caching:{profile}")
    registry = getUtility(IRegistry)
    for rule in PAGES:
        _set(registry, f"{MODERATE}.{rule}.etags", registry[f"{WEAK}.{rule}.etags"])
        _set(registry, f"{MODERATE}.{rule}.ramCache", True)
        _set(registry, f"{MODERATE}.{rule}.smaxage", freshness)
    for rule in ("plone.content.feed", "plone.content.file"):
        _set(registry, f"{MODERATE}.{rule}.smaxage", freshness)
    settings = registry.forInterface(ICacheSettings)
    settings.operationMapping = {**settings.operationMapping, **dict.fromkeys(PAGES, MODERATE)}
    settings.enabled = True


def _set(registry: Any, name: str, value: Any) -> None:
    # A rule's own option is a record beside the operation's, of the same field.
    if name not in registry.records:
        operation, _, option = name.rpartition(".")
        general = f"{operation.split('.plone.content.')[0]}.{option}"
        registry.records[name] = Record(FieldRef(general, registry.records[general].field), value)
    registry[name] = value


def main(app: Any, arguments: list[str]) -> None:
    """Do it all, and commit after each site."""
    password_file, freshness, *paths = arguments
    set_admin(app, Path(password_file).read_text().strip())
    transaction.commit()
    for path in paths:
        site = make_site(app, path)
        if int(freshness):
            set_up_caching(site, int(freshness))
        transaction.commit()


if __name__ == "__main__":
    main(globals()["app"], sys.argv[3:])
