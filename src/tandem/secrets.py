"""Secrets: made on first use, on the operator's computer alone, and kept in ``var/secrets``."""

import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rendering import Secrets


def make(file: Path) -> None:
    """Make the secret in the file, unless it is there, readable by its owner alone.

    It has 128 random bits, and is whole or not there at all, whatever happens meanwhile.
    """
    if not file.exists():
        write(file, new())


def new() -> str:
    """A new secret, of 128 random bits."""
    return token_urlsafe(16)


def write(file: Path, text: str) -> None:
    """Write a secret, readable by its owner alone: the old one or the new, never half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(descriptor)
    unfinished.rename(file)


def file_of(directory: Path, name: str, named: str) -> Path:
    """Where a secret lies: in the file that the description names, or in ``var/secrets``.

    Both are seen from ``directory``, the checkout.
    """
    return directory / (named or f"var/secrets/{name}")


@dataclass(frozen=True)
class SecretFile:
    """Where a secret lies, and whether it is a file of ours or one that the description names."""

    path: Path
    ours: bool


def secret_files(cluster: Cluster, directory: Path) -> dict[str, SecretFile]:
    """The files of all secrets that the cluster's files need, by the secrets' names."""
    named = {"drbd": cluster.secrets.drbd, "heartbeat": cluster.secrets.heartbeat}
    if cluster.fencing == "ipmi":
        named |= {f"fence-{node.name}": node.fence_password for node in cluster.pair_nodes}
    return {
        name: SecretFile(file_of(directory, f"{cluster.name}.{name}", file), not file)
        for name, file in named.items()
    }


def secrets_of(cluster: Cluster, directory: Path, *, make_missing: bool) -> Secrets:
    """The secrets of the cluster's files; ``directory`` is the checkout.

    What is missing is made where ``make_missing`` says so, which is on the operator's computer, but
    never a file that the description names. Raises TandemError.
    """
    files = secret_files(cluster, directory)
    if make_missing:
        for file in files.values():
            if file.ours:
                make(file.path)
    texts = {name: _read(file.path) for name, file in files.items()}
    return Secrets(
        drbd=_word(texts["drbd"], files["drbd"].path),
        heartbeat=keys_in(texts["heartbeat"], files["heartbeat"].path),
        fence={
            name.removeprefix("fence-"): _word(text, files[name].path)
            for name, text in texts.items()
            if name.startswith("fence-")
        },
    )


def keys_in(text: str, file: Path) -> tuple[tuple[int, str], ...]:
    """Heartbeat's keys: one alone in its file, or lines ``NUMBER KEY``, the signing one first."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and len(lines[0]) == 1:
        return ((1, _word(text, file)),)
    if not lines or any(len(line) != 2 or not line[0].isdecimal() for line in lines):
        raise TandemError(f"{file}: expected one key, or lines of a number and a key")
    return tuple((int(number), _word(key, file)) for number, key in lines)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        raise TandemError(
            f"{file}: missing: secrets are made by `fab render` on the operator's computer"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TandemError(f"{file}: cannot be read as a secret: {error}") from None


def _word(text: str, file: Path) -> str:
    word = text.strip()
    # What every file that takes a secret leaves as it is: no quote, backslash, # or space.
    if not word or not word.isascii() or not word.isprintable() or set(word) & set("\"'\\#$;{} "):
        raise TandemError(
            f"{file}: expected one word without spaces, quotes and any of \\ # $ ; {{ }}"
        )
    if len(word) > 64:
        raise TandemError(f"{file}: expected at most 64 characters: DRBD takes no more")
    return word
