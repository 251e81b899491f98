"""One checkout: the steps that build it, each of which does only what is still to be done."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tandem.setup import environment, indexes, packages, pins
from tandem.setup.faults import SetupError, cause
from tandem.setup.steps import Outcome, Steps

_IN_THE_WAY = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
)
_ALSO = {
    "LC_ALL": "C.UTF-8",
    "LANGUAGE": "",
    "NO_COLOR": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
}
_HERE = Path(__file__).parent
# Not every *.cfg here: a developer's own is no business of set-up.
_CONFIGURATION = ("buildout.cfg", "base.cfg", "versions.cfg", "cluster.cfg", "here.cfg")
_BUILDOUT = """\
#!/bin/sh
# Builds the given profile, always into this checkout: by itself buildout builds beside the profile.
checkout=$(cd "$(dirname "$0")/.." && pwd)
# What a package of one's own is built with is in .venv: nothing is fetched for it. To pip this
# variable says what the option of that name makes of it: whether builds are isolated.
export PIP_NO_BUILD_ISOLATION=0
# It is found whatever its layout: buildout does not read the finders that setuptools makes.
export PIP_CONFIG_SETTINGS=editable_mode=compat
exec "$checkout/.venv/bin/buildout" "buildout:directory=$checkout" "$@"
"""
_HERE_CFG = """\
# Which VM of the cluster this is. Without a name it is this computer, for development.
[here]
name =
"""


class Checkout:
    """One checkout of Tandem, and the steps that build it."""

    def __init__(self, root: Path, steps: Steps, role: str, wheelhouse: Path | None) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin/python"
        self.steps = steps
        self.role = role
        self.wheelhouse = wheelhouse
        self.private = root / "var/setup"

    @cached_property
    def surroundings(self) -> dict[str, str]:
        """The environment variables that every step's commands see."""
        mine = {name: value for name, value in os.environ.items() if name not in _IN_THE_WAY}
        files = indexes.pip_files(mine)
        pip = indexes.pip_settings(mine, files)
        uv = indexes.uv_is_configured(mine)
        # Programs that may not keep what Python compiles would compile all of Plone at each start.
        compiled = {"UV_COMPILE_BYTECODE": "1"} if mine.get("PYTHONDONTWRITEBYTECODE") else {}
        return {**compiled, **mine, **_ALSO, **indexes.shared(mine, pip, uv_configured=uv)}

    @cached_property
    def lock(self) -> Mapping[str, pins.Pin]:
        """The pins in requirements.txt."""
        return pins.read((self.root / pins.LOCK).read_text())

    def attempt(self, title: str, command: Sequence[str]) -> Outcome:
        """Run a step's command, which may fail."""
        return self.steps.run(title, command, cwd=self.root, environment=self.surroundings)

    def step(self, title: str, command: Sequence[str]) -> None:
        """Run a step's command; SetupError with the cause if it fails."""
        outcome = self.attempt(title, command)
        if outcome.status != 0:
            raise SetupError(f"{title} failed: {_why(outcome)}", self.steps.log)

    def debian_packages(self, purposes: Sequence[str]) -> tuple[packages.Package, ...]:
        """Install what is missing for ``purposes``; what still is missing, after saying so."""
        listed = packages.read((self.root / "debian-packages.cfg").read_text())
        self._finish_what_was_left(listed)
        wanted = packages.missing(listed, purposes, packages.is_there)
        if not wanted:
            return ()
        outcome = self._install(wanted)
        still = packages.missing(wanted, purposes, packages.is_there)
        if still:
            advice = packages.advice(still, packages.reason(outcome, apt=_has_apt()))
            if any(packages.ALWAYS in package.purposes for package in still):
                raise SetupError(advice)
            self.steps.say(advice)
        return still

    def _install(self, wanted: Sequence[packages.Package]) -> Outcome | None:
        if not _has_apt():
            return None
        names = " ".join(package.name for package in wanted)
        title = f"Debian packages: {names}"
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.write_text(names)
        outcome = self._as_root(title, packages.installation(wanted))
        if outcome and outcome.status != 0:
            first = packages.mending(outcome.output)
            if first:
                self._as_root(f"Debian packages: {' '.join(first[3:])}", first)
                outcome = self._as_root(title, packages.installation(wanted))
        if outcome and outcome.status != 0:
            # One that this Debian has not must not keep the others away.
            unknown = packages.unknown_to_apt(outcome.output)
            known = [package for package in wanted if package.name not in unknown]
            if unknown and known:
                self._as_root(title, packages.installation(known))
        self._note.unlink(missing_ok=True)
        return outcome

    @property
    def _note(self) -> Path:
        """Lists packages while they are installed: if it is left, that was cut short."""
        return self.private / "installing-debian-packages"

    def _finish_what_was_left(self, listed: Sequence[packages.Package]) -> None:
        if not self._note.exists():
            return
        names = self._note.read_text().split()
        left = [package for package in listed if package.name in names]
        self._as_root("Debian packages: finishing", packages.finishing(left))
        self._note.unlink()

    def _as_root(self, title: str, command: Sequence[str]) -> Outcome | None:
        way = packages.way_to_root(root=os.geteuid() == 0, sudo=shutil.which("sudo") is not None)
        if way is None:
            return None
        if way and sys.stdin.isatty():
            # Asks for the password, if one is needed, before anything else writes to the terminal.
            self.steps.say(f"sudo is needed for {title}")
            subprocess.run(["sudo", "-v"], check=False)
        return self.attempt(title, (*way, *command))

    def environment(self) -> None:
        """See to it that .venv has what is pinned."""
        wanted = environment.Stamp(
            python=self._version_in_venv(),
            place=str(self.venv),
            pins=self._digest_of_pins(),
            extras=self._extras(),
        )
        found = environment.read_stamp(self.venv)
        verdict = environment.decide(found, wanted, exists=self.venv.exists())
        if verdict.action == "keep":
            return
        if verdict.action == "make":
            if self.venv.exists():
                self.steps.say(f"  .venv is made anew: {verdict.why}")
            self._make_venv()
        environment.remove_stamp(self.venv)
        uv = self._uv()
        if verdict.action != "move":
            self.step(
                f"Python packages: {len(self.lock)} pins",
                environment.installing(uv, self.python, wanted.extras, self.wheelhouse),
            )
        pinned_uv = self.venv / "bin/uv"
        self.step("Tandem itself", environment.installing_tandem(pinned_uv, self.python))
        if uv != pinned_uv:
            uv.unlink()
        stamp = environment.Stamp(self._version_in_venv(), wanted.place, wanted.pins, wanted.extras)
        environment.write_stamp(self.venv, stamp)

    def _make_venv(self) -> None:
        base = getattr(sys, "_base_executable", sys.executable)  # not a venv's, which may be ours
        if self.venv.exists():
            environment.remove_stamp(self.venv)
            shutil.rmtree(self.venv)
        self.step("Python environment", (base, "-m", "venv", "--without-pip", str(self.venv)))
        environment.make_relocatable(self.venv)

    def _version_in_venv(self) -> str:
        try:
            return subprocess.run(
                (self.python, "-ISc", "import platform; print(platform.python_version())"),
                capture_output=True,
                check=True,
                text=True,
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return "that no longer runs"

    def _digest_of_pins(self) -> str:
        return environment.digest([self.root / pins.LOCK, self.root / "pyproject.toml"])

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """The roles that a machine can be built for."""
        return tuple(sorted(file.stem for file in (self.root / "profiles").glob("*.cfg")))

    def _extras(self) -> tuple[str, ...]:
        project = tomllib.loads((self.root / "pyproject.toml").read_text())["project"]
        return environment.extras_of(project["optional-dependencies"], self.roles, self.role)

    def _uv(self) -> Path:
        """A uv that runs: the one in .venv, else the pinned one by the quickest way there is."""
        inside = self.venv / "bin/uv"
        if inside.exists():
            return inside
        pin = self.lock["uv"]
        if self.wheelhouse:
            unpacked = self.venv / "bin/uv.first"
            environment.uv_from_wheelhouse(self.wheelhouse, pin, unpacked)
            return unpacked
        requirement = self.private / "uv.txt"
        requirement.parent.mkdir(parents=True, exist_ok=True)
        requirement.write_text(pin.requirement())
        ways = environment.ways_to_uv(
            getattr(sys, "_base_executable", sys.executable),
            self.venv,
            requirement,
            uv=shutil.which("uv"),
            pip=packages.is_there("python:pip"),
            ensurepip=packages.is_there("python:ensurepip"),
        )
        why = "there is no uv, no pip and no ensurepip to get uv with"
        for way in ways:
            for command in way:
                outcome = self.attempt("uv, the installer", command)
                if outcome.status != 0:
                    why = _why(outcome)
                    break
            else:
                return inside
        raise SetupError(f"uv, the installer failed: {why}", self.steps.log)

    def build(self) -> None:
        """Have buildout make bin/ and parts/ for the role, or for this computer."""
        config = f"profiles/{self.role}.cfg" if self.role else "buildout.cfg"
        self._make_commands()
        stamp = self.private / f"built-{self.role or 'here'}.json"
        inputs = environment.digest(
            self._inputs(),
            self._digest_of_pins(),
            self._version_in_venv(),  # stands in the paths of what is built
            " ".join(self._extras()),
            "root" if os.geteuid() == 0 else "a user",  # Apache runs differently as root
        )
        try:
            built = json.loads(stamp.read_text())
            if built["inputs"] == inputs and set(built["outputs"]) <= set(self._outputs()):
                return
        except (OSError, ValueError, KeyError, TypeError):
            pass
        stamp.unlink(missing_ok=True)
        # Offline: all is in .venv. Without the user's defaults: the same build on every computer.
        self.step("buildout", ("bin/buildout", "-oU", "-c", config))
        stamp.parent.mkdir(parents=True, exist_ok=True)
        new = stamp.with_suffix(".new")
        new.write_text(json.dumps({"inputs": inputs, "outputs": self._outputs()}))
        new.replace(stamp)

    def _inputs(self) -> list[Path]:
        files = [self.root / name for name in _CONFIGURATION if (self.root / name).exists()]
        for folder in ("profiles", "recipes", "templates", "src/tandem"):
            files += (
                path
                for path in (self.root / folder).rglob("*")
                if path.suffix != ".pyc" and path.is_file() and _HERE not in path.parents
            )
        return sorted(files)

    def _outputs(self) -> list[str]:
        return sorted(
            str(path.relative_to(self.root))
            for folder in ("bin", "parts")
            for path in (self.root / folder).glob("*")
        )

    def _make_commands(self) -> None:
        """What users call in bin/ that buildout itself does not make, and where it finds itself."""
        here = self.root / "here.cfg"
        if not here.exists():
            here.write_text(_HERE_CFG)
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        buildout = folder / "buildout"
        if not buildout.is_file() or buildout.read_text() != _BUILDOUT:
            buildout.unlink(missing_ok=True)
            buildout.write_text(_BUILDOUT)
            buildout.chmod(0o755)
        fab = folder / "fab"
        if (self.venv / "bin/fab").exists() and not fab.is_symlink():
            fab.unlink(missing_ok=True)
            fab.symlink_to("../.venv/bin/fab")

    def pin(self, *, keep: bool) -> None:
        """Resolve the asks into requirements.txt and versions.cfg, both or neither."""
        if not self.python.exists():
            self._make_venv()
        uv = self._uv()
        new = self.private / pins.LOCK
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.root / pins.LOCK, new)
        self.step("resolving", pins.resolving(uv, new, keep=keep))
        text = new.read_text()
        resolved = pins.read(text)
        versions = self.private / pins.VERSIONS
        versions.write_text(pins.versions(resolved))
        new.replace(self.root / pins.LOCK)
        versions.replace(self.root / pins.VERSIONS)
        for line in pins.changes(self.lock, resolved):
            self.steps.say(f"  {line}")
        self.steps.say(f"{len(resolved)} pins in {pins.LOCK} and {pins.VERSIONS}")

    def collect(self) -> None:
        """Fill var/wheelhouse with a wheel of every pin, for set-ups without a network."""
        house = self.root / "var/wheelhouse"
        stamp = house / pins.COMPLETE
        whole = f"{pins.digest(self.root)} {self._version_in_venv()}\n"
        if stamp.exists() and stamp.read_text() == whole:
            return
        stamp.unlink(missing_ok=True)
        self.step("wheels", pins.collecting(self.python, house))
        for wheel in pins.stale(list(house.glob("*.whl")), self.lock):
            wheel.unlink()
        stamp.write_text(whole)
        wheels = list(house.glob("*.whl"))
        size = sum(wheel.stat().st_size for wheel in wheels) / 1e6
        self.steps.say(f"{len(wheels)} wheels, {size:.0f} MB, in {house.relative_to(self.root)}")


def _has_apt() -> bool:
    return shutil.which("apt-get") is not None


def _why(outcome: Outcome) -> str:
    if outcome.status == -signal.SIGKILL:
        return "it was killed, perhaps for want of memory"
    why = cause(outcome.output)
    return f"{why} ({fullest()})" if why.startswith("the disk is full") else why


def fullest() -> str:
    """The one of the file systems in use that has the least room left."""
    places = [Path.cwd(), Path(tempfile.gettempdir()), Path.home()]
    free = {place: shutil.disk_usage(place).free for place in places if place.exists()}
    place = min(free, key=lambda one: free[one])
    return f"{free[place] / 1e6:.0f} MB free at {place}"
