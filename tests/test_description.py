"""Reading a description's file the way buildout does, without what else buildout does."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tandem.description import DescriptionError, cluster_from, cluster_in, sections_in, text_of
from tandem.errors import TandemError
from tandem.rendering import CHECKOUT
from tests.examples import FILES, example


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
        ("address = 10.0.0.22\n", "line 1: address = 10.0.0.22: expected a section before it"),
        ("[cluster]\nmaster, slave\n", "line 2: 'master, slave\\n': expected OPTION = VALUE"),
        ("[cluster:foo.bar]\n", "line 1: [cluster:foo.bar]: what stands after the colon"),
        ("[sites:foo.bar]\n", "is a condition, and fails: name 'foo' is not defined"),
        ("[cluster:1/0]\n", "is a condition, and fails: division by zero"),
        ("[cluster: a b]\n", "is a condition, and fails: invalid syntax"),
        ("[buildout]\nextends = own.cfg\n", "extends itself"),
        ("[buildout]\nextends = ../there/own.cfg\n", "extends itself"),
        ("[buildout]\nextends-cache = ${a:b}\nextends = own.cfg\n", "extends itself"),
        ("[buildout]\nextends = http://127.0.0.1:9/a.cfg\n", "expected a file, as nothing is"),
        ("[buildout]\nextends = https://127.0.0.1:9/a.cfg\n", "expected a file, as nothing is"),
        ("[buildout]\nextends = ftp://127.0.0.1:9/a.cfg\n", "expected a file, as nothing is"),
        ("\ufeff[cluster]\n", "begins with a byte order mark: expected it saved as UTF-8"),
    ],
)
@pytest.mark.parametrize("extended", [False, True], ids=["itself", "extended"])
def test_what_buildout_cannot_read_is_one_line_with_its_file(
    tmp_path: Path, text: str, said: str, extended: bool
) -> None:
    (tmp_path / "there").mkdir()
    own = tmp_path / "there" / "own.cfg"
    own.write_text(text)
    top = tmp_path / "top.cfg" if extended else own
    if extended:
        top.write_text("[buildout]\nextends = there/own.cfg\n")
    for report in (refusal(sections_in, top), refusal(cluster_in, top)):
        assert said in report
        # What a ${…} misses is known only when all files are one.
        assert report.startswith((f"{own}: ", f"{top}: The") if "$" in text else f"{own}: ")
        assert "\n" not in report


def refusal(reader: Callable[[Path], object], file: Path) -> str:
    with pytest.raises(TandemError) as raised:
        reader(file)
    return raised.value.report()


def a_ring(file: Path) -> None:
    file.symlink_to(file.with_name("other.cfg"))
    file.with_name("other.cfg").symlink_to(file)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda _: None, "no such file: expected a cluster's description"),
    "directory": (Path.mkdir, "is a directory: expected the file of a cluster's description"),
    "pipe": (os.mkfifo, "is not a file: expected that of a cluster's description"),
    "device": (
        lambda file: file.symlink_to("/dev/null"),
        "is not a file: expected that of a cluster's description",
    ),
    "ring": (a_ring, "Too many levels of symbolic links"),
    "dangling": (
        lambda file: file.symlink_to("nowhere.cfg"),
        "no such file: expected a cluster's description",
    ),
    "latin-1": (lambda file: file.write_bytes(b"# \xe4\n"), "byte 2 is not UTF-8"),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("extended", [False, True], ids=["itself", "extended"])
def test_what_is_no_file_is_told_as_what_it_is(tmp_path: Path, kind: str, extended: bool) -> None:
    make, said = NO_FILES[kind]
    own = tmp_path / "own.cfg"
    make(own)
    top = tmp_path / "top.cfg" if extended else own
    if extended:
        top.write_text("[buildout]\nextends = own.cfg\n")
    assert refusal(sections_in, top) == f"{own}: {said}"
    assert refusal(cluster_in, top) == f"{own}: {said}"


def test_a_path_can_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base.cfg").write_text(f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\n")
    (tmp_path / "own.cfg").write_text("[buildout]\nextends = base.cfg\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert cluster_in(Path("../own.cfg")).name == "example"
    assert refusal(cluster_in, Path("absent.cfg")).startswith("absent.cfg: no such file")


def test_what_a_link_leads_to_extends_what_lies_beside_it(tmp_path: Path) -> None:
    link = tmp_path / "link.cfg"
    link.symlink_to(CHECKOUT / "tests/model/wrong/cluster-name-missing.cfg")
    assert refusal(cluster_in, link).startswith("link.cfg: [cluster] name: missing")


def test_what_is_extended_twice_is_no_ring(tmp_path: Path) -> None:
    (tmp_path / "base.cfg").write_text(f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\n")
    own = tmp_path / "own.cfg"
    own.write_text(f"[buildout]\nextends = base.cfg {CHECKOUT}/cluster.cfg\n")
    assert cluster_in(own).name == "example"


def test_what_an_extended_file_gives_twice_is_told_with_that_file(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "twice.cfg").write_text("[sites]\na.example = /A\na.example = /B\n")
    own = tmp_path / "own.cfg"
    own.write_text(f"[buildout]\nextends = {CHECKOUT}/cluster.cfg sites/twice.cfg\n")
    assert refusal(cluster_in, own) == (
        "own.cfg: [sites] a.example: given twice in sites/twice.cfg: expected one line"
    )


def test_a_file_can_give_again_what_it_extends(tmp_path: Path) -> None:
    own = tmp_path / "own.cfg"
    own.write_text(
        f"[buildout]\nextends = {CHECKOUT}/cluster.cfg\n[sites]\nwww.example.org = /New\n"
    )
    assert [site.path for site in cluster_in(own).sites] == ["/New"]


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


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_text_of_a_description_describes_the_same_cluster(name: str, tmp_path: Path) -> None:
    there = tmp_path / "cluster.cfg"
    there.write_text(text_of(sections_in(FILES[name]), "as a test has it"))
    assert cluster_in(there) == example(name)


def test_a_further_machine_takes_one_section(tmp_path: Path) -> None:
    mine = tmp_path / "mine.cfg"
    node3 = "address = 10.0.0.13\nmemory = 16384\nstorage = 100G\nzeoclient-address = 10.0.0.33\n"
    mine.write_text(f"[buildout]\nextends = {FILES['cluster']}\n[node3]\n{node3}")
    cluster = cluster_in(mine)
    assert cluster.machines == ("master", "slave", "node3")
    assert cluster.zeoclient.addresses[-1] == ("node3", "10.0.0.33")
    assert cluster_from(sections_in(mine), "mine.cfg") == cluster


def test_the_text_of_a_description_that_extends_another_is_one_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.cfg"
    mine.write_text(f"[buildout]\nextends = {FILES['cluster']}\n[zeoclient-vm]\nclients = 3\n")
    there = tmp_path / "there" / "cluster.cfg"
    there.parent.mkdir()
    there.write_text(text_of(sections_in(mine), "as a test has it"))
    assert cluster_in(there).zeoclient.clients == 3
