"""Rendering: from the model to the text of files, the same to the byte each time.

Each program has its folder in ``templates/``; every file in it is a Genshi text template, and is
rendered to a file of the same name. A template that may be executed makes a file that may be.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from genshi.template import NewTextTemplate, TemplateLoader

from tandem.model import Cluster

CHECKOUT = Path(__file__).resolve().parents[3]
TEMPLATES = CHECKOUT / "templates"

_loader = TemplateLoader(str(TEMPLATES), default_class=NewTextTemplate, variable_lookup="strict")


@dataclass(frozen=True)
class File:
    """A file to be written: its path below the program's directory, its text and its mode."""

    path: PurePosixPath
    text: str
    mode: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the rendered files will lie and run.

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


def render(program: str, cluster: Cluster, place: Place, source: str) -> tuple[File, ...]:
    """Every file of a program for this cluster; ``source`` names the description in the files."""
    made_by = f"Made by Tandem from {source}; edit that, not this."
    folder = TEMPLATES / program
    return tuple(
        File(
            path=PurePosixPath(template.relative_to(folder)),
            text=_loader.load(str(template.relative_to(TEMPLATES)))
            .generate(cluster=cluster, place=place, made_by=made_by)
            .render(encoding=None),
            mode=0o755 if os.access(template, os.X_OK) else 0o644,
        )
        for template in sorted(folder.rglob("*"))
        if template.is_file()
    )
