"""No text of a description or of a secret gets out of its place in a file."""

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.description import sections_in
from tandem.errors import TandemError
from tandem.model import MACHINE_SECTION, SECTIONS, Cluster, read, read_here
from tandem.model.option import file as kind_of_file
from tandem.model.option import options_of
from tandem.rendering import Secrets
from tandem.rendering.hosts import host_files
from tandem.secrets import secret_in, secrets_of
from tests.examples import FILES, example
from tests.parsers import clusters, drbd
from tests.parsers.clusters import Sections
from tests.parsers.conftest import must_run
from tests.parsers.table import BY_NAME
from tests.parsers.test_any_cluster import described, repeatable
from tests.parsers.trees import SOURCE, Tree, files_of, write

PLAIN: Final = re.compile(r"[A-Za-z0-9_*:][A-Za-z0-9._:/*-]*|\.?/[A-Za-z0-9._+/-]*|")
"""What means nothing but itself wherever the templates put a value: no white space, no quote, no
bracket, and nothing that begins a comment, an option, a variable or a specifier."""

ODD: Final = (
    *("\n", "\r", "\t", "\0", "\x1b", "\x85", "\u2028", "\u202e", "\N{ARABIC-INDIC DIGIT ONE}"),
    *(" ", '"', "'", "`", ";", "#", "\\", "\\\n", "%", "%n", "%{x}", "$", "$(id)", "${x}"),
    *("{", "}", "[", "]", "<", ">", "(", ")", "&", "|", "!", "*", "?", "=", ",", "~", "^", "@"),
    *("é", "\ud800", "\n[x]\ny = 1", '";x "', "};x {", "%};x{", "%\n", "/../..", " -x"),
)

WHOLE: Final = ("::1%;x", "fe80::1%eth0", "fe80::%{x}/64", "::ffff:10.0.0.1", "-h", "--", "*")

HARMLESS: Final = "zharmless"

few = settings(repeatable, max_examples=8)


def base() -> Sections:
    """A description in which the most is said."""
    sections = {name: dict(given) for name, given in sections_in(FILES["capacity"]).items()}
    given = {name: options for name, options in sections.items() if options}
    # None of them made from the cluster's name.
    given["zeoclient-vm"]["macs"] = " ".join(
        f"{machine}:00:16:3e:20:01:{number:02}"
        for number, machine in enumerate(given["cluster"]["machines"].split())
    )
    return given


BASE: Final = base()
CLUSTER: Final = described(BASE)


def section_of(section: str) -> str:
    return "master" if section == MACHINE_SECTION else section


def options_in_files() -> Iterator[tuple[str, str]]:
    """Every option but those that name a file: that is opened here, and its name goes nowhere."""
    for section, section_type in SECTIONS.items():
        for name, option in options_of(section_type).items():
            if option.kind is not kind_of_file:
                yield section, name


def words(value: Any) -> Iterator[str]:
    """The texts of which an option's value consists."""
    if isinstance(value, tuple):
        for part in value:
            yield from words(part)
    elif value is not None:
        yield str(value)


def odd_texts(good: str) -> Iterator[str]:
    """A good text with each odd one before, in and behind it, and some that are odd as a whole."""
    for odd in ODD:
        for at in {0, len(good) // 2, len(good)}:
            yield good[:at] + odd + good[at:]
    yield from WHOLE


def refused(section: str, name: str, text: str) -> bool:
    """Tell whether a description with this value of the option has a fault."""
    at = section_of(section)
    if at == "here":
        return read_here({"here": {name: text}}, CLUSTER)[0] is None
    return read({**BASE, at: {**BASE.get(at, {}), name: text}})[0] is None


def escapes(section: str, name: str, text: str) -> list[str]:
    """The words of an option's text that a description can have though they have a meaning."""
    try:
        value = options_of(SECTIONS[section])[name].kind.parse(text.strip())
    except ValueError:
        return []
    odd = [word for word in words(value) if not PLAIN.fullmatch(word)]
    return [] if odd and refused(section, name, text) else odd


@pytest.mark.parametrize(("section", "name"), tuple(options_in_files()))
def test_what_an_option_takes_means_nothing_but_itself(section: str, name: str) -> None:
    default = options_of(SECTIONS[section])[name].default
    good = BASE.get(section_of(section), {}).get(name) or default or "10.0.0.21"

    @settings(repeatable, max_examples=20)
    @given(st.text(max_size=30))
    def holds(text: str) -> None:
        assert escapes(section, name, text) == []

    holds()
    found = {text: escapes(section, name, text) for text in odd_texts(good)}
    assert {text: odd for text, odd in found.items() if odd} == {}


@pytest.mark.parametrize("good", ["www.example.org", "/Plone/site"])
def test_what_a_site_takes_means_nothing_but_itself(good: str) -> None:
    found = []
    for odd in odd_texts(good):
        site = {"www.example.org": odd} if good.startswith("/") else {odd: "/Plone"}
        cluster, _ = read({**BASE, "sites": site})
        found += [] if cluster is None else [w for s in cluster.sites for w in (s.host, s.path)]
    assert [word for word in found if not PLAIN.fullmatch(word)] == []


def test_an_odd_name_of_an_option_is_a_fault() -> None:
    taken = [odd for odd in ODD if read({**BASE, "cluster": {**BASE["cluster"], odd: "x"}})[0]]
    assert taken == []


def test_an_odd_name_of_a_section_is_a_fault() -> None:
    assert [odd for odd in ODD if read({**BASE, odd: BASE["node3"]})[0]] == []


# An option whose value stands in files as it is given, with what it may be.
AS_GIVEN: Final[dict[tuple[str, str], st.SearchStrategy[str]]] = {
    ("cluster", "name"): clusters.names,
    ("network", "domain"): clusters.domains,
    ("master", "service-interface"): clusters.interfaces,
    ("master", "replication-interface"): clusters.interfaces,
    ("master", "management-interface"): clusters.interfaces,
    ("master", "volume-group"): clusters.volume_groups,
    ("slave", "fence-user"): clusters.users,
}


def rendered(cluster: Cluster, secrets: Secrets, *, vms: bool = True) -> dict[str, str]:
    """Every file of every host, by host and path."""
    return {
        f"{host.name}:{file.path}": file.text
        for host in cluster.hosts.values()
        if vms or host.machine
        for file in host_files(cluster, host, secrets, SOURCE)
    }


def secrets(word: str = "secret") -> Secrets:
    return Secrets(drbd=word, heartbeat=word, fence=dict.fromkeys(CLUSTER.pair, word))


def with_value(section: str, name: str, value: str) -> dict[str, str]:
    changed = {**BASE, section: {**BASE[section], name: value}}
    cluster, faults = read(changed)
    assert cluster is not None, faults
    return rendered(cluster, secrets())


@pytest.mark.parametrize(("section", "name"), AS_GIVEN)
def test_a_value_changes_a_file_only_where_it_stands(section: str, name: str) -> None:
    harmless = with_value(section, name, HARMLESS)
    assert any(HARMLESS in text for text in harmless.values())
    others = {value for key, value in BASE[section].items() if key.endswith("-interface")}

    @few
    @given(AS_GIVEN[section, name].filter(lambda value: value not in others))
    def holds(value: str) -> None:
        changed = {path: text.replace(HARMLESS, value) for path, text in harmless.items()}
        assert with_value(section, name, value) == changed

    holds()


def with_machine(name: str) -> dict[str, str]:
    """Everything, with a machine of the pair called so."""
    renamed = {
        section: {key: re.sub(r"\bslave\b", name, value) for key, value in options.items()}
        for section, options in BASE.items()
    }
    renamed[name] = renamed.pop("slave")
    cluster = described(renamed)
    fence = dict.fromkeys(cluster.pair, "secret")
    return rendered(cluster, Secrets(drbd="secret", heartbeat="key", fence=fence))


@few
@given(clusters.names.filter(lambda name: name not in CLUSTER.machines))
def test_a_machines_name_changes_files_only_where_it_stands(name: str) -> None:
    changed = {
        path.replace(HARMLESS, name): text.replace(HARMLESS, name)
        for path, text in with_machine(HARMLESS).items()
    }
    assert with_machine(name) == changed


@few
@given(clusters.site_hosts, clusters.site_paths)
def test_a_site_changes_files_only_where_it_stands(host: str, path: str) -> None:
    harmless = rendered(described({**BASE, "sites": {"h-zz": "/p-zz"}}), secrets())
    changed = {
        file: text.replace("h-zz", host).replace("/p-zz", path) for file, text in harmless.items()
    }
    assert rendered(described({**BASE, "sites": {host: path}}), secrets()) == changed


def taken(text: str) -> str | None:
    """The secret in such a file, or None where it is refused."""
    try:
        return secret_in(text, Path("secret"))
    except TandemError:
        return None


def test_a_secret_changes_files_only_where_it_stands() -> None:
    harmless = rendered(CLUSTER, secrets(HARMLESS), vms=False)
    words_taken = {word for text in odd_texts("secret") if (word := taken(text))}
    assert "secret" in words_taken
    for word in words_taken:
        changed = {path: text.replace(HARMLESS, word) for path, text in harmless.items()}
        assert rendered(CLUSTER, secrets(word), vms=False) == changed


@given(st.text() | st.text(string.printable))
@settings(repeatable, max_examples=300)
def test_a_secret_is_one_word_without_what_files_give_a_meaning(text: str) -> None:
    word = taken(text)
    assert word is None or (word.isascii() and re.fullmatch(r"""[^\s"'#\\$;{}]{1,64}""", word))


@pytest.mark.parametrize("name", ["cluster", "capacity"])
def test_drbd_reads_every_sign_that_a_secret_may_have(
    name: str, tmp_path: Path, scratch: Path
) -> None:
    must_run(BY_NAME["drbdadm"])
    signs = "".join(sign for sign in string.printable if taken(f"x{sign}x"))
    cluster = example(name)
    for at in range(0, len(signs), 40):
        secret = f"x{signs[at : at + 40]}x"
        tree = Tree(cluster, cluster.hosts[cluster.pair[0]], tmp_path, scratch)
        write(files_of(name, cluster.pair[0]), tmp_path)
        conf = tmp_path / "etc/drbd.d/global_common.conf"
        conf.write_text(conf.read_text().replace("the-drbd-secret", secret))
        done = drbd.drbdadm(tree, "--dry-run", "up", "zeoserver")
        assert f"--shared-secret={secret} " in done.stdout.replace("'", "").replace("\\", "") + " "


def test_a_made_password_of_a_bmc_fits_into_it(tmp_path: Path) -> None:
    made = secrets_of(example("cluster"), tmp_path, make_missing=True)
    # ipmitool cuts off what IPMI 2.0 has no room for, without a word.
    assert {name: len(word) for name, word in made.fence.items() if len(word) > 20} == {}
