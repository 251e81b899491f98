"""What is built on a host: the checkout as it is copied there, and its description."""

from pathlib import Path

import pytest

from tandem.lab.images import software
from tandem.lab.images.software import checkout_digest, copy_checkout, fault


def test_a_host_gets_the_checkout_without_what_was_made_in_it(tmp_path: Path) -> None:
    copy_checkout(tmp_path / "current")
    there = {path.name for path in (tmp_path / "current").iterdir()}
    assert {"Makefile", "src", "recipes", "templates", "profiles", "versions.cfg"} <= there
    made = {".git", ".venv", "bin", "parts", "var", "tests", "here.cfg", ".installed.cfg"}
    assert not there & made
    assert not list((tmp_path / "current").rglob("*.pyc"))


def test_all_on_a_host_may_read_the_checkout(tmp_path: Path) -> None:
    copy_checkout(tmp_path / "current")
    closed = [
        path
        for path in (tmp_path / "current").rglob("*")
        if path.stat().st_mode & (0o055 if path.is_dir() else 0o044)
        != (0o055 if path.is_dir() else 0o044)
    ]
    assert closed == []


@pytest.mark.parametrize(
    ("changed", "counts"),
    [("src/program.py", True), ("Makefile", True), ("var/log/a.log", False), ("tests/a.py", False)],
)
def test_a_checkout_is_another_when_what_hosts_get_of_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, counts: bool
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/program.py").touch()
    monkeypatch.setattr(software, "CHECKOUT", tmp_path)
    before = checkout_digest()
    (tmp_path / changed).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / changed).write_text("changed")
    assert (checkout_digest() != before) == counts


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            [
                "  buildout ...",
                "make setup: buildout failed: [sites] is missing",
                "make: *** Error 1",
            ],
            "buildout failed: [sites] is missing",
        ),
        (
            ["make: *** No rule to make target 'setup'.  Stop."],
            "make: *** No rule to make target 'setup'.  Stop.",
        ),
        ([], "it said nothing"),
    ],
)
def test_a_failure_is_what_set_up_itself_says(printed: list[str], said: str) -> None:
    assert fault(printed) == said
