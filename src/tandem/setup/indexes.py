"""One configuration of package indexes for pip and uv, which each read only their own."""

import os
from collections.abc import Mapping
from configparser import ConfigParser, Error
from pathlib import Path

_FOR_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
_OWN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX")


def shared(
    environment: Mapping[str, str], pip: Mapping[str, str], *, uv_configured: bool
) -> dict[str, str]:
    """What to add to ``environment`` so that uv finds the index that pip is set up for.

    ``pip`` holds pip's own settings, as in ``pip config list`` without the section. Where uv is
    set up itself (``uv_configured``, or by the environment) its word stands. pip's extra indexes
    are not handed on: the pins are of public packages.
    """
    added = {}
    if not uv_configured and not any(name in environment for name in _OWN_INDEX):
        for option, variable in _FOR_UV.items():
            if pip.get(option) and variable not in environment:
                added[variable] = pip[option]
    url = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL")
    if url and "index-url" not in pip:
        added["PIP_INDEX_URL"] = url
    return added


def pip_settings(environment: Mapping[str, str], files: list[Path]) -> dict[str, str]:
    """pip's settings from its files, the last of which wins, and from ``environment``."""
    settings: dict[str, str] = {}
    for file in files:
        parser = ConfigParser(interpolation=None)
        try:
            parser.read(file, encoding="utf-8")
        except (Error, OSError, UnicodeDecodeError):
            continue  # pip says what is wrong with it
        for section in ("global", "install"):
            if parser.has_section(section):
                settings |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    for name, value in environment.items():
        if name.startswith("PIP_"):
            settings[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return settings


def pip_files(environment: Mapping[str, str]) -> list[Path]:
    """Where pip keeps its settings, the weakest first (pip's user guide, "Configuration")."""
    home = Path(environment.get("HOME", "/"))
    configs = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    files += [home / ".pip/pip.conf", configs / "pip/pip.conf"]
    own = environment.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    return [*files, Path(own)] if own else files


def uv_is_configured(environment: Mapping[str, str]) -> bool:
    """Whether there is a configuration file of uv's (uv's manual, "Configuration files")."""
    home = Path(environment.get("HOME", "/"))
    configs = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    named = environment.get("UV_CONFIG_FILE")
    return any(
        file.is_file()
        for file in (configs / "uv/uv.toml", Path("/etc/uv/uv.toml"), Path("/etc/xdg/uv/uv.toml"))
    ) or bool(named)
