"""Rendering: from the model to the text of files, the same to the byte each time.

Each program has its folder in ``templates/``, in which its files lie as they will on the host.
Every file in it is a Genshi text template and is rendered to a file of the same name, but

- a word in capitals in the name, as in ``VOLUME.res``, makes a file for each of those there are;
- a template that renders to nothing makes no file;
- a name that begins with an underscore is a part of other templates.

A template that may be executed makes a file that may be, and one that was given a secret makes a
file that root alone can read.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from genshi.template import NewTextTemplate, TemplateLoader

from tandem.model import Cluster

CHECKOUT = Path(__file__).resolve().parents[3]
TEMPLATES = CHECKOUT / "templates"

_loader = TemplateLoader(
    str(TEMPLATES),
    max_cache_size=1000,  # it keeps 25 unless told, fewer than there are
    default_class=NewTextTemplate,
    variable_lookup="strict",
)


@dataclass(frozen=True)
class File:
    """A file to be written: its path below the program's directory, its text and its mode."""

    path: PurePosixPath
    text: str
    mode: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the files of Apache will lie and run.

    ``parts`` is the directory of the program's files, ``var`` the one for what it writes, ``cache``
    the one for Apache's cached pages, and ``python`` the interpreter that has Tandem. ``user`` is
    the account that a program started by root switches to for its workers, and empty where an
    ordinary user starts it.
    """

    parts: PurePosixPath
    var: PurePosixPath
    cache: PurePosixPath
    python: PurePosixPath
    user: str = ""


@dataclass(frozen=True)
class Secrets:
    """The secrets that are rendered; ``fence`` has the password of each machine's BMC."""

    drbd: str
    heartbeat: str
    fence: Mapping[str, str]


def render(
    program: str,
    cluster: Cluster,
    source: str,
    *,
    each: Mapping[str, Sequence[Any]] | None = None,
    secrets: Secrets | None = None,
    **seen: object,
) -> tuple[File, ...]:
    """Every file of a program for this cluster; ``source`` names the description in the files.

    ``each`` has what the words in capitals stand for: things with a ``name``, which the template
    sees by the word in small letters, and replicated and local VMs as ``vm``. Templates see
    ``seen``, too.
    """
    made_by = f"Made by Tandem from {source}; edit that, not this."
    files = []
    for template, path, mode in _templates(program):
        for item, variables in _items(path, each or {}):
            handed = _Handed(secrets)
            text = (
                _loader.load(template)
                .generate(cluster=cluster, made_by=made_by, secrets=handed, **{**seen, **variables})
                .render(encoding=None)
            )
            if not text.strip():
                continue
            files.append(File(item, text, 0o600 if handed.used else mode))
    return tuple(files)


class _Handed:
    """The secrets for one template, which remembers whether it took one."""

    def __init__(self, secrets: Secrets | None) -> None:
        self._secrets = secrets
        self.used = False

    def __getattr__(self, name: str) -> object:
        self.used = True
        return getattr(self._secrets, name)


@cache
def _templates(program: str) -> tuple[tuple[str, PurePosixPath, int], ...]:
    folder = TEMPLATES / program
    return tuple(
        (
            str(template.relative_to(TEMPLATES)),
            PurePosixPath(template.relative_to(folder)),
            0o755 if os.access(template, os.X_OK) else 0o644,
        )
        for template in sorted(folder.rglob("*"))
        if template.is_file() and not template.name.startswith("_")
    )


_VARIABLES = {"REPLICATED": "vm", "LOCAL": "vm"}


def _items(
    path: PurePosixPath, each: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[PurePosixPath, dict[str, Any]]]:
    word = re.search(r"[A-Z]{2,}", path.name)
    if word is None:
        yield path, {}
        return
    for thing in each[word[0]]:
        name = path.name.replace(word[0], thing.name)
        yield path.with_name(name), {_VARIABLES.get(word[0], word[0].lower()): thing}
