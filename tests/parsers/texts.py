"""Scripts, a page and a password: what sh, a browser and ipmitool read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import PurePosixPath

from tests.parsers.running import lines, run
from tests.parsers.trees import Tree

# Elements that have no end tag, and those whose end tag HTML lets one leave out.
VOID = {"br", "hr", "img", "input", "link", "meta"}


def scripts(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What dash and shellcheck say against scripts."""
    return [said for path in paths for said in _program(tree, path, "/bin/sh", shell)]


def perl(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What perl says against scripts."""
    return [said for path in paths for said in _program(tree, path, "/usr/bin/perl", _perl)]


def _program(
    tree: Tree, path: PurePosixPath, interpreter: str, complaints: Callable[[str], Iterable[str]]
) -> Iterator[str]:
    text = tree.text(path)
    if not text.startswith(f"#!{interpreter}\n"):
        yield f"{path}: expected the first line #!{interpreter}"
    if not tree.at(path).stat().st_mode & 0o111:
        yield f"{path}: not executable"
    for line in complaints(text):
        yield f"{path}: {line}"


def _perl(text: str) -> list[str]:
    said = run(("perl", "-wc"), given=text).stderr
    return [line for line in lines(said) if line != "- syntax OK"]


def settings(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What dash and shellcheck say against files that other scripts read in."""
    return [f"{path}: {line}" for path in paths for line in shell(tree.text(path))]


@cache
def shell(text: str) -> tuple[str, ...]:
    """What dash and shellcheck say against a text."""
    said = run(("dash", "-n"), given=text).stderr
    checked = run(
        ("shellcheck", "--external-sources", "--shell=sh", "--format=gcc", "-"), given=text
    )
    return (*lines(said), *lines(checked.stdout), *lines(checked.stderr))


def pages(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What is wrong with HTML pages."""
    return [f"{path}: {fault}" for path in paths for fault in html(tree.text(path))]


def html(text: str) -> list[str]:
    """What is wrong with a page: tags without a pair, and not just one of what there is one of."""
    page = _Page()
    page.feed(text)
    page.close()
    counted = {tag: page.seen.count(tag) for tag in ("html", "title", "main", "h1")}
    return [
        *page.faults,
        *(f"<{tag}> is never closed" for tag in page.open),
        *(f"<{tag}> is there {n} times" for tag, n in counted.items() if n != 1),
        *(() if page.declared == ["doctype html"] else ("expected <!doctype html>",)),
    ]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.faults: list[str] = []
        self.declared: list[str] = []

    def handle_decl(self, decl: str) -> None:
        self.declared.append(decl.lower())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes what is not open")


def passwords(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What is wrong with a file that ipmitool reads by -f."""
    found = []
    for path in paths:
        text = tree.text(path)
        if text != text.strip() + "\n" or len(lines(text)) != 1:
            found.append(f"{path}: expected one line, the password alone")
        # It cuts off what IPMI 2.0 has no room for, without a word.
        if len(text.strip().encode()) > 20:
            found.append(f"{path}: more than the 20 bytes of IPMI 2.0")
        if tree.at(path).stat().st_mode & 0o777 != 0o600:
            found.append(f"{path}: expected mode 0600")
    return found
