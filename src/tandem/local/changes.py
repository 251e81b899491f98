"""Which programs run on a configuration that has changed since they were started."""

import json
from hashlib import sha256
from pathlib import Path

from tandem.local.stack import Program, Stack


def digest(stack: Stack, program: Program) -> str:
    """What the buildout made for a program: its parts and its script."""
    found = sha256()
    files = [
        *(file for part in program.parts for file in (stack.parts / part).rglob("*")),
        stack.bin / program.name,
    ]
    for file in sorted(files):
        # Python writes what it compiles beside some of them.
        if file.is_file() and "__pycache__" not in file.parts:
            found.update(f"{file}\n".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


def outdated(stack: Stack) -> tuple[Program, ...]:
    """The programs that were started on something else than what is there now."""
    started = _read(stack)
    return tuple(p for p in stack.programs if started.get(p.name, "") != digest(stack, p))


def note_started(stack: Stack) -> None:
    """Remember on what the programs run."""
    _file(stack).write_text(json.dumps({p.name: digest(stack, p) for p in stack.programs}))


def _read(stack: Stack) -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(_file(stack).read_text())
    except (OSError, ValueError):
        return {}
    return kept


def _file(stack: Stack) -> Path:
    return stack.var / "started.json"
