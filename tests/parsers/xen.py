"""xl, for which a shim stands in for Xen itself."""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from subprocess import CompletedProcess

from tests.parsers.running import run
from tests.parsers.trees import Tree

XL = "/usr/lib/xen-*/bin/xl"
SHIM = Path(__file__).with_name("xenshim.c")
GLOBAL = PurePosixPath("/etc/xen/xl.conf")

# Without a bridge of its own: it shows the one that xl.conf names.
PROBE = 'name = "probe"\ntype = "pv"\nkernel = "/boot/vmlinuz"\nmemory = 64\nvif = [""]\n'


@cache
def xl() -> Path:
    """Debian's xl itself, not the wrapper that wants Xen to run."""
    return next(Path("/").glob(XL[1:]))


@cache
def _words() -> frozenset[bytes]:
    return frozenset(re.findall(rb"[\w.]+(?=\0)", xl().read_bytes()))


def _shim(scratch: Path) -> Path:
    shim = scratch / "xenshim.so"
    if not shim.exists():
        strict = ("-Wall", "-Wextra", "-Werror")
        built = run(("gcc", *strict, "-shared", "-fPIC", "-o", shim, SHIM))
        assert built.returncode == 0, built.stderr
    return shim


def create(config: Path, global_config: Path, scratch: Path) -> CompletedProcess[str]:
    """What ``xl create -n`` makes of a VM's file: JSON, when it understands it."""
    shim = {"LD_PRELOAD": str(_shim(scratch)), "XL_CONF": str(global_config)}
    return run((xl(), "create", "-n", config), env=shim)


def complaints(tree: Tree, paths: Sequence[PurePosixPath]) -> list[str]:
    """What xl says against the files, and the keys that it does not know: it says nothing then."""
    found = []
    for path in paths:
        unknown = [key for key in _keys(tree.text(path)) if not _is_known(key)]
        found += [f"{path}: xl knows no {key}" for key in unknown]
        found += _global(tree, path) if path == GLOBAL else _vm(tree, path)
    return found


def _keys(text: str) -> list[str]:
    return re.findall(r"^([\w.]+)\s*=", text, re.MULTILINE)


def _is_known(key: str) -> bool:
    # The linker keeps a word that another ends with as the end of that one.
    return any(word.endswith(key.encode()) for word in _words())


def _vm(tree: Tree, path: PurePosixPath) -> list[str]:
    created = create(tree.at(path), tree.at(GLOBAL), tree.scratch)
    said = [line for line in created.stderr.splitlines() if not line.startswith("Parsing config")]
    if created.returncode or said:
        return said or [f"{path}: xl failed without a word"]
    name = json.loads(created.stdout)["c_info"]["name"]
    return [] if name == path.stem else [f"{path}: it is the VM {name}"]


def _global(tree: Tree, path: PurePosixPath) -> list[str]:
    probe = tree.scratch / "probe.cfg"
    probe.write_text(PROBE)
    created = create(probe, tree.at(path), tree.scratch)
    said = [line for line in created.stderr.splitlines() if not line.startswith("Parsing config")]
    if created.returncode or said:
        return said or [f"{path}: xl failed without a word"]
    bridge = json.loads(created.stdout)["nics"][0].get("bridge")
    wanted = re.findall(r'bridge = "(.*)"', tree.text(path))
    return (
        [] if [bridge] == wanted else [f"{path}: the default bridge is {bridge}, not {wanted[0]}"]
    )
