"""What zc.buildout does in vain for packages that pip has installed is not done."""

import os
from pathlib import Path
from sysconfig import get_path
from typing import Any

import pytest
from zc.buildout import buildout
from zc.buildout.easy_install import pkg_resources

from recipes import described, hurry

PACKAGES = get_path("purelib")


def test_packages_are_looked_for_once_and_not_once_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Any] = []
    scan = pkg_resources.Environment.scan

    def counted(environment: Any, where: Any = None) -> None:
        looked.append(where)
        scan(environment, where)

    monkeypatch.setattr(pkg_resources.Environment, "scan", counted)
    empty = pkg_resources.WorkingSet([])
    empty.entries.append(PACKAGES)
    found = empty.resolve(pkg_resources.parse_requirements("httpx"))
    assert {"httpx", "httpcore", "idna"} <= {one.key for one in found}
    assert len(looked) == 1


def test_no_package_is_read_for_the_signature_of_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    assert described
    monkeypatch.delattr(os, "walk")
    assert buildout._dir_hash(PACKAGES) == hurry.signature(Path(PACKAGES))


def test_nor_where_the_environment_is_reached_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    (real / "my.policy-1.0.dist-info").mkdir(parents=True)
    link.symlink_to(real)
    monkeypatch.setattr(hurry, "get_path", lambda _: str(link))
    hurry.hurry()
    monkeypatch.delattr(os, "walk")
    assert buildout._dir_hash(str(real)) == buildout._dir_hash(str(link)) == hurry.signature(real)


def test_another_version_of_a_package_is_another_signature(tmp_path: Path) -> None:
    signatures = set()
    for version in ("1.0", "1.1", "1.1"):
        folder = tmp_path / version
        (folder / f"my.policy-{version}.dist-info").mkdir(parents=True, exist_ok=True)
        signatures.add(hurry.signature(folder))
    assert len(signatures) == 2
