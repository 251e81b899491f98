"""The profiles, built as on a VM or a developer's laptop, without network."""

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def run(directory: Path, config: Path) -> None:
    done = subprocess.run(
        [directory / "bin/buildout", "-N", "-c", config],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def own(tmp_path: Path) -> "OwnBuildout":
    return OwnBuildout(tmp_path)


class OwnBuildout:
    """A directory in which profiles of the checkout are built, each changed as the test likes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "bin").mkdir()
        shutil.copy(CHECKOUT / "bin/buildout", directory / "bin/buildout")
        (directory / ".venv").symlink_to(CHECKOUT / ".venv")

    def build(self, profile: str, text: str = "") -> None:
        config = self.directory / f"my-{Path(profile).name}"
        config.write_text(f"[buildout]\nextends = {CHECKOUT / profile}\n{text}")
        run(self.directory, config)

    @property
    def scripts(self) -> set[str]:
        return {path.name for path in (self.directory / "bin").iterdir()}

    @property
    def parts(self) -> set[str]:
        return {path.name for path in (self.directory / "parts").iterdir()}


SCRIPTS = {
    "profiles/frontend.cfg": set(),
    "profiles/zeoserver.cfg": {"zeoserver", "zeopack", "backup", "restore"},
    "profiles/zeoclient.cfg": {"zeoclient1", "zeoclient2", "zeoclient-debug"},
}
PARTS = {
    "profiles/frontend.cfg": {"frontend"},
    "profiles/zeoserver.cfg": {"zeoserver", "zeo-conf"},
    "profiles/zeoclient.cfg": {"zeoclient1", "zeoclient2", "zeoclient-debug"},
}


# What the builds of one role that the tests share are told, each to be found in one place.
TOLD = {
    "profiles/frontend.cfg": "[ports]\ndebug = 7654\n",
    "profiles/zeoserver.cfg": "",
    "profiles/zeoclient.cfg": (
        "eggs +=\n    my.addon\n    myflat\n"
        "develop =\n    src/my.addon\n    src/myflat\n"
        "[zeoclient-debug]\nzeo-address = 192.0.2.7:8100\nread-only = true\n"
    ),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], OwnBuildout]:
    """Gives what a role's profile alone has built."""

    @cache
    def build(profile: str) -> OwnBuildout:
        own = OwnBuildout(tmp_path_factory.mktemp("own"))
        write_addon(own.directory / "src" / "my.addon")
        write_flat(own.directory / "src" / "myflat")
        own.build(profile, TOLD[profile])
        return own

    return build


def write_addon(package: Path) -> None:
    (package / "src" / "my" / "addon").mkdir(parents=True)
    (package / "src" / "my" / "addon" / "__init__.py").write_text("")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "my.addon"\nversion = "1.0"\n'
        '[tool.setuptools.packages.find]\nwhere = ["src"]\n'
    )


def write_flat(package: Path) -> None:
    (package / "myflat").mkdir(parents=True)
    (package / "myflat" / "__init__.py").write_text("")
    (package / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='myflat', version='1.0', packages=['myflat'])\n"
    )


@pytest.mark.parametrize("profile", SCRIPTS)
def test_a_role_profile_builds_just_that_role(
    built: Callable[[str], OwnBuildout], profile: str
) -> None:
    own = built(profile)
    others = set().union(*(scripts for name, scripts in SCRIPTS.items() if name != profile))
    assert SCRIPTS[profile] <= own.scripts
    assert not others & own.scripts
    assert PARTS[profile] <= own.parts


def test_building_one_profile_tears_down_nothing_that_another_built(own: OwnBuildout) -> None:
    own.build("buildout.cfg")
    scripts, parts = own.scripts, own.parts
    for profile in SCRIPTS:
        own.build(profile)
        assert own.scripts == scripts
        assert own.parts == parts
    own.build("buildout.cfg")
    assert own.scripts == scripts
    assert own.parts == parts


def test_a_vm_of_the_cluster_has_its_own_address_and_the_zeoservers(own: OwnBuildout) -> None:
    own.build("profiles/zeoclient.cfg", "[here]\nname = zeoclient-slave\n")
    zope_conf = (own.directory / "parts/zeoclient2/etc/zope.conf").read_text()
    wsgi_ini = (own.directory / "parts/zeoclient2/etc/wsgi.ini").read_text()
    assert "server 10.0.0.22:8100" in zope_conf
    assert "listen = 10.0.0.32:8082" in wsgi_ini


def test_a_developers_debug_client_reads_from_where_he_likes_and_cannot_write(
    built: Callable[[str], OwnBuildout],
) -> None:
    own = built("profiles/zeoclient.cfg")
    zope_conf = (own.directory / "parts/zeoclient-debug/etc/zope.conf").read_text()
    assert "server 192.0.2.7:8100" in zope_conf
    assert "read-only true" in zope_conf
    assert "debug-mode on" in zope_conf


def test_the_balancer_never_knows_of_the_debug_client(
    built: Callable[[str], OwnBuildout],
) -> None:
    own = built("profiles/frontend.cfg")
    rendered = [path.read_text() for path in (own.directory / "parts/frontend").rglob("*")]
    assert "8081" in "".join(rendered)
    assert "7654" not in "".join(rendered)


@pytest.mark.parametrize(
    ("module", "file"),
    [("my.addon", "my.addon/src/my/addon"), ("myflat", "myflat/myflat")],
    ids=["in src", "flat"],
)
def test_a_source_checkout_is_developed_with_one_line(
    built: Callable[[str], OwnBuildout], module: str, file: str
) -> None:
    own = built("profiles/zeoclient.cfg")
    interpreter = own.directory / "parts/zeoclient1/bin/interpreter"
    done = subprocess.run(
        [interpreter, "-c", f"import {module}; print({module}.__file__)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(own.directory / "src" / file / "__init__.py"), done.stderr
