"""Set-up from a checkout to the first answer, against a classic buildout of the same pins.

Both are warm: every wheel is on this computer already. Ours is ``make setup``, which makes the
venv, installs all pins into it and builds; classic is buildout in a bare venv, which unpacks an egg
for each distribution. Both then start a ZEO server and a client with their own scripts.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.table import Table

from bench.stacks import CHECKOUT, free_ports, run
from tandem.local.asking import get, wait_until

CLASSIC = """
[buildout]
extends = versions.cfg
parts = zeoserver zeoclient1 zeoclient2
allow-picked-versions = false
find-links = {wheelhouse}

[zeoserver]
recipe = plone.recipe.zeoserver
eggs = Plone
zeo-address = 127.0.0.1:{zeoserver}

[zeoclient1]
recipe = plone.recipe.zope2instance
user = admin:admin
eggs = Plone
zeo-client = true
zeo-address = 127.0.0.1:{zeoserver}
http-address = 127.0.0.1:{zeoclient}

[zeoclient2]
<= zeoclient1
recipe = plone.recipe.zope2instance
http-address = 127.0.0.1:{second}
"""

OURS = """
[buildout]
extends = {checkout}/buildout.cfg
[ports]
zeoserver = {zeoserver}
zeoclient = {zeoclient}
debug = {debug}
waitingroom = {waitingroom}
"""


@dataclass(frozen=True)
class Times:
    """Seconds from the start until ``bin/`` was complete, and until a client answered 200."""

    bin: float
    answer: float


@dataclass(frozen=True)
class SettingUp:
    """Both ways' times, and how many times longer the classic one takes."""

    ours: Times
    classic: Times
    bin_ratio: float
    answer_ratio: float


def measure(folder: Path, console: Console) -> SettingUp:
    """Set up twice in the folder: ours, and classic."""
    wheelhouse = CHECKOUT / "var" / "wheelhouse"
    if not wheelhouse.is_dir():
        console.print("collecting wheels, so that both are warm …")
        run(["make", "-C", str(CHECKOUT), "wheelhouse"])
    console.print("setting up ours …")
    ours = _ours(folder / "ours")
    console.print(f"setting up the classic way (ours took {ours.answer:.0f} s) …")
    classic = _classic(folder / "classic", wheelhouse)
    return SettingUp(ours, classic, classic.bin / ours.bin, classic.answer / ours.answer)


def table(measured: SettingUp) -> Table:
    """The result, for people."""
    shown = Table(title="Set-up, warm")
    for column in ("until", "Tandem", "classic buildout", "ratio"):
        shown.add_column(column, justify="left" if column == "until" else "right")
    ours, classic = measured.ours, measured.classic
    shown.add_row(
        "bin/ is complete", f"{ours.bin:.1f} s", f"{classic.bin:.1f} s", f"{measured.bin_ratio:.1f}"
    )
    shown.add_row(
        "the first 200",
        f"{ours.answer:.1f} s",
        f"{classic.answer:.1f} s",
        f"{measured.answer_ratio:.1f}",
    )
    return shown


def _ours(folder: Path) -> Times:
    run(["git", "clone", "--quiet", str(CHECKOUT), str(folder)])
    first = free_ports(5)[0]
    start = monotonic()
    run(["make", "setup"], cwd=folder)
    complete = monotonic() - start
    config = folder / "bench.cfg"
    config.write_text(
        OURS.format(
            checkout=folder,
            zeoserver=first,
            zeoclient=first + 1,
            debug=first + 3,
            waitingroom=first + 4,
        )
    )
    run(["bin/buildout", "-N", "-c", "bench.cfg"], cwd=folder)
    start_of_programs = monotonic()
    return Times(complete, complete + _first_answer(folder, first + 1, start_of_programs))


def _classic(folder: Path, wheelhouse: Path) -> Times:
    folder.mkdir(parents=True)
    first = free_ports(4)[0]
    # By the names that the distributions give themselves: here buildout compares some as they are.
    pins = {found.metadata["Name"]: found.version for found in distributions()}
    pins.pop("tandem")
    lines = (f"{name} = {version}\n" for name, version in sorted(pins.items()))
    (folder / "versions.cfg").write_text("[versions]\n" + "".join(lines))
    (folder / "buildout.cfg").write_text(
        CLASSIC.format(
            wheelhouse=wheelhouse,
            zeoserver=first,
            zeoclient=first + 1,
            second=first + 2,
        )
    )
    needed = [f"{name}=={pins[name]}" for name in ("zc.buildout", "setuptools", "wheel", "pip")]
    start = monotonic()
    run([sys.executable, "-m", "venv", "venv"], cwd=folder)
    run(["venv/bin/pip", "install", "-q", "--find-links", str(wheelhouse), *needed], cwd=folder)
    run(["venv/bin/buildout", "-N"], cwd=folder)
    complete = monotonic() - start
    return Times(complete, complete + _first_answer(folder, first + 1, monotonic()))


def _first_answer(folder: Path, port: int, start: float) -> float:
    try:
        run(["bin/zeoserver", "start"], cwd=folder)
        run(["bin/zeoclient1", "start"], cwd=folder)
        if not wait_until(lambda: get("127.0.0.1", port, "/")[0] == 200, 120):
            raise RuntimeError(f"no answer on port {port}: see {folder}/var/log")
        return monotonic() - start
    finally:
        for name in ("zeoclient1", "zeoserver"):
            subprocess.run([f"bin/{name}", "stop"], cwd=folder, check=False, capture_output=True)
        shutil.rmtree(folder / "eggs", ignore_errors=True)
