"""Secrets: made on first use, on the operator's computer alone, and kept in ``var/secrets``."""

import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rendering import Secrets

_DRBD_MOST = 64
_IPMI_MOST = 20
"""How long a secret may be, in characters: of DRBD's, and of an IPMI 2.0 user's password."""


_BYTES = 16
_IPMI_BYTES = 12
"""How random a new secret is. The 12 make 16 characters, and many BMCs take no more."""


def make(file: Path, length: int = _BYTES) -> None:
    """Make the secret in the file, unless it is there, readable by its owner alone.

    It is whole or not there at all, whatever happens meanwhile.
    """
    if not file.exists():
        renew(file, length)


def renew(file: Path, length: int = _BYTES) -> None:
    """Make the secret in the file anew, of so many random bytes."""
    _write(file, token_urlsafe(length))


def _write(file: Path, text: str) -> None:
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
        for name, file in files.items():
            if file.ours:
                make(file.path, _IPMI_BYTES if name.startswith("fence-") else _BYTES)
    texts = {name: _read(file.path) for name, file in files.items()}
    return Secrets(
        drbd=secret_in(texts["drbd"], files["drbd"].path),
        heartbeat=secret_in(texts["heartbeat"], files["heartbeat"].path),
        fence={
            name.removeprefix("fence-"): secret_in(text, files[name].path, _IPMI_MOST)
            for name, text in texts.items()
            if name.startswith("fence-")
        },
    )


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        raise TandemError(
            f"{file}: missing: secrets are made by `fab render` on the operator's computer"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TandemError(f"{file}: cannot be read as a secret: {error}") from None


def secret_in(text: str, file: Path, most: int = _DRBD_MOST) -> str:
    """The secret that a file's text is, of at most so many characters; raises TandemError."""
    word = text.strip()
    # What every file that takes a secret leaves as it is: no quote, backslash, # or space.
    if not word or not word.isascii() or not word.isprintable() or set(word) & set("\"'\\#$;{} "):
        raise TandemError(
            f"{file}: expected one word without spaces, quotes and any of \\ # $ ; {{ }}"
        )
    if len(word) > most:
        raise TandemError(f"{file}: {len(word)} characters: expected at most {most}")
    return word
