"""Releases of the sites, rolled out to a cluster that runs: fab as the operator runs it.

The operator's checkout is a copy of this one, with a package of the sites' own in it.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.lab.lab import Lab
from tandem.rendering import CHECKOUT
from tests.lab.operating import FAB, fab, said
from tests.lab.running import all_well
from tests.lab.visitors import half_load, visitors

pytestmark = [pytest.mark.lab, pytest.mark.soak, pytest.mark.timeout(1800)]

SETUP = """\
from setuptools import setup

setup(
    name="examplepolicy",
    version="1.0",
    packages=["examplepolicy"],
    entry_points={"plone.autoinclude.plugin": ["target = plone"]},
)
"""
ZCML = """\
<configure xmlns="http://namespaces.zope.org/browser">
  <page name="policy" for="*" class="examplepolicy.Policy" permission="zope.Public" />
</configure>
"""
POLICY = """\
from zope.publisher.browser import BrowserView


class Policy(BrowserView):
    def __call__(self):
        return "VERSION"
"""


class Operator:
    """A checkout of the operator's, whose sites have a package of their own."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        names = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, check=True).stdout
        packing = ("tar", "--null", "--files-from=-", "-cf", "-")
        packed = subprocess.run(packing, cwd=CHECKOUT, input=names, capture_output=True, check=True)
        subprocess.run(("tar", "-xf", "-"), cwd=folder, input=packed.stdout, check=True)
        # Not the description's, in whose place is the lab's.
        (folder / "cluster.cfg").write_text((lab.folder / "cluster.cfg").read_text())
        base = folder / "base.cfg"
        adding = "    Plone\n    examplepolicy\ndevelop = sites/policy\n"
        base.write_text(base.read_text().replace("    Plone\n", adding))
        self.write("one")

    def write(self, version: str, code: str = POLICY) -> None:
        """Have the package say another version."""
        policy = self.folder / "sites/policy"
        package = policy / "examplepolicy"
        package.mkdir(parents=True, exist_ok=True)
        (policy / "setup.py").write_text(SETUP)
        (package / "__init__.py").write_text(code.replace("VERSION", version))
        (package / "configure.zcml").write_text(ZCML)

    def fab(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of this operator, in the lab's network."""
        there = ("sh", "-c", 'cd "$0" && exec "$@"', self.folder, FAB)
        return subprocess.run(
            self.lab.namespace.entering((*there, *words)),
            env={**os.environ, "PYTHONPATH": f"{self.folder}/src:{self.folder}"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def operator(lab: Lab, tmp_path: Path) -> Iterator[Operator]:
    """The cluster, all well; the release of this checkout runs again after the test."""
    all_well(lab)
    yield Operator(lab, tmp_path)
    done = fab(lab, "deploy", "--yes")
    assert done.returncode == 0, said(done)


def policies(lab: Lab) -> set[str]:
    """What the sites' own package says on each client."""
    asked = "curl -s http://{0.address}:{0.port}/Plone/@@policy"
    return {lab.namespace.run(("sh", "-c", asked.format(client))) for client in lab.cluster.clients}


def test_a_new_release_is_gone_to_and_back_from_and_nobody_notices(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = operator.lab
    with visitors(lab, half_load(lab)) as visits:
        done = operator.fab("deploy", "--yes")
        assert done.returncode == 0, said(done)
        assert policies(lab) == {"one"}
        operator.write("two")
        again = operator.fab("deploy", "--yes")
        assert again.returncode == 0, said(again)
        assert policies(lab) == {"two"}
        started = time.monotonic()
        back = operator.fab("rollback:zeoclient")
        took = time.monotonic() - started
        assert back.returncode == 0, said(back)
        assert policies(lab) == {"one"}
    with capsys.disabled():
        print(f"\n{said(again)}\n{visits.report()}; back in {took:.0f} s")
    assert visits.failed == []
    assert len(visits.answers) >= 2000


def test_a_release_that_does_not_start_is_taken_back_and_the_sites_never_noticed(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = operator.lab
    assert operator.fab("deploy", "--yes").returncode == 0
    running = lab.run("zeoclient-slave", "readlink /srv/tandem/current")
    operator.write("two", "import there_is_no_such_module\n")
    with visitors(lab, half_load(lab)) as visits:
        done = operator.fab("deploy", "--yes")
    assert done.returncode == 1
    assert "there_is_no_such_module" in said(done)
    assert "taken back" in said(done)
    assert "not touched" in said(done)
    assert lab.run("zeoclient-slave", "readlink /srv/tandem/current") == running
    assert policies(lab) == {"one"}
    with capsys.disabled():
        print(f"\n{said(done)}\n{visits.report()}")
    assert visits.failed == []
