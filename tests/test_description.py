"""Reading a description's file the way buildout does, without what else buildout does."""

import gc
import os
import warnings
from pathlib import Path

import pytest

from tandem.description import DescriptionError, cluster_from, sections_in
from tandem.errors import TandemError
from tandem.rendering import CHECKOUT


def test_the_shipped_description_is_valid() -> None:
    assert cluster_from(sections_in(CHECKOUT / "cluster.cfg"), "cluster.cfg").name == "example"


def test_a_description_can_extend_another(tmp_path: Path) -> None:
    own = tmp_path / "own.cfg"
    own.write_text(f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\n[zeoclient-vm]\nclients = 7\n")
    cluster = cluster_from(sections_in(own), "own.cfg")
    assert cluster.zeoclient.clients == 7
    assert cluster.zeoserver.address == "10.0.0.22"


def test_substitutions_are_put_in(tmp_path: Path) -> None:
    own = tmp_path / "own.cfg"
    own.write_text("[net]\nof = 10.9.9\n[zeoserver-vm]\naddress = ${net:of}.22\n")
    assert sections_in(own)["zeoserver-vm"]["address"] == "10.9.9.22"


def test_reading_changes_no_directory_and_makes_none(tmp_path: Path) -> None:
    own = tmp_path / "own.cfg"
    own.write_text("[cluster]\nname = own\n")
    before = Path.cwd()
    sections_in(own)
    assert Path.cwd() == before
    assert list(tmp_path.iterdir()) == [own]


def test_the_users_own_buildout_defaults_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".buildout").mkdir()
    (tmp_path / ".buildout" / "default.cfg").write_text("[cluster]\nname = from-home\n")
    monkeypatch.setitem(os.environ, "HOME", str(tmp_path))
    own = tmp_path / "own.cfg"
    own.write_text("[cluster]\nmachines = master\n")
    assert "name" not in sections_in(own)["cluster"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[zeoserver-vm]\naddress = ${net:of}.22\n", "The referenced section, 'net'"),
        ("[zeoserver-vm]\naddress = ${net}\n", "doesn't contain a colon"),
        ("address = 10.0.0.22\n", "own.cfg"),
        ("[buildout]\nextends = absent.cfg\n", "absent.cfg: No such file or directory"),
    ],
)
def test_a_file_that_buildout_cannot_read_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "own.cfg"
    own.write_text(text)
    with warnings.catch_warnings():
        # zc.buildout leaves a file open that it can't parse.
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(TandemError) as raised:
            sections_in(own)
        report = raised.value.report()
        del raised
        gc.collect()
    assert said in report
    assert "\n" not in report


def test_an_absent_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"absent\.cfg: no such file"):
        sections_in(tmp_path / "absent.cfg")


def test_the_report_has_a_line_for_each_fault_with_its_file() -> None:
    with pytest.raises(DescriptionError) as raised:
        cluster_from({"cluster": {"name": "own", "machines": "master master"}}, "own.cfg")
    lines = raised.value.report().splitlines()
    assert len(lines) == 10
    assert all(line.startswith("own.cfg: [") for line in lines)


def test_what_the_recipes_of_a_profile_will_say_need_not_be_known(tmp_path: Path) -> None:
    own = tmp_path / "own.cfg"
    own.write_text(
        f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\n[part]\naddress = ${{tandem:zeo-address}}\n"
    )
    assert sections_in(own)["cluster"]["name"] == "example"
