"""What units do when systemd runs them, and which of them a boot starts."""

import re
from collections.abc import Iterator

import pytest

from tests.parsers.conftest import Trees
from tests.parsers.running import on_host
from tests.parsers.trees import all_hosts, files_of, on_the_host

_RUN = """
set -eu
unit=$1
systemd-sysusers /etc/sysusers.d/tandem.conf
systemd-tmpfiles --create /etc/tmpfiles.d/tandem.conf
# As root's buildout leaves it.
rm -rf /srv/tandem/current /srv/tandem/data /srv/tandem/var
mkdir -p /srv/tandem/var/log /srv/tandem/current/parts
eval "${2:-}"
sed -e ':joined' -e '/\\\\$/{N;s/\\\\\\n//;b joined' -e '}' "/etc/systemd/system/$unit" |
    sed -n 's/^ExecStartPre=//p' |
    while read -r line; do
        case $line in
        +*) sh -c "${line#+}" ;;
        -*) runuser -u tandem -- sh -c "${line#-}" || true ;;
        *) runuser -u tandem -- sh -c "$line" ;;
        esac
    done
find /srv/tandem /srv/elsewhere -type d -printf '%p %m %u\\n' 2>/dev/null || true
"""


def made(tree_of: Trees, host: str, unit: str, before: str = "") -> dict[str, str]:
    """The directories after what the unit runs before its program, with mode and owner."""
    ran = on_host(tree_of("cluster", host).root, _RUN, unit, before)
    assert ran.returncode == 0, ran.stderr
    return dict(line.split(" ", 1) for line in ran.stdout.splitlines())


@pytest.mark.root
def test_the_zeo_server_finds_its_folders_on_an_empty_disk(tree_of: Trees) -> None:
    there = made(tree_of, "zeoserver", "tandem-zeoserver.service")
    assert {path: there.get(f"/srv/tandem/{path}") for path in FOLDERS} == FOLDERS


FOLDERS = {
    "data": "700 tandem",
    "data/filestorage": "700 tandem",
    "data/blobstorage": "700 tandem",
    "var": "1775 root",
    "var/log": "755 tandem",
}


@pytest.mark.root
def test_a_folder_that_roots_buildout_made_in_the_data_becomes_the_accounts(
    tree_of: Trees,
) -> None:
    before = "mkdir -p /srv/tandem/data/filestorage"
    there = made(tree_of, "zeoserver", "tandem-zeoserver.service", before)
    assert there["/srv/tandem/data/filestorage"] == "700 tandem"


@pytest.mark.root
def test_a_client_can_write_its_logs_its_caches_and_its_home(tree_of: Trees) -> None:
    there = made(tree_of, "zeoclient-slave", "tandem-zeoclient1.service")
    for name in ("log", "cache", "blobcache", "zeoclient1"):
        assert there[f"/srv/tandem/var/{name}"] == "755 tandem", name


@pytest.mark.root
@pytest.mark.parametrize("path", ["", "/current", "/current/parts"])
def test_nobody_but_root_can_replace_what_root_runs(path: str, tree_of: Trees) -> None:
    there = made(tree_of, "zeoserver", "tandem-zeoserver.service")
    assert there[f"/srv/tandem{path}"] == "755 root"


@pytest.mark.root
def test_a_folder_that_was_replaced_by_a_link_gives_nothing_away(tree_of: Trees) -> None:
    before = (
        "mkdir /srv/elsewhere; rmdir /srv/tandem/var/log; ln -s /srv/elsewhere /srv/tandem/var/log"
    )
    there = made(tree_of, "zeoserver", "tandem-zeoserver.service", before)
    assert there["/srv/elsewhere"] == "755 root"


def units_of(name: str, host: str) -> Iterator[tuple[str, str]]:
    """The names and texts of a host's own units."""
    for file in files_of(name, host):
        if str(on_the_host(file).parent) == "/etc/systemd/system":
            yield file.path.name, file.text


@pytest.mark.parametrize(("name", "host"), tuple(all_hosts()))
def test_a_boot_starts_just_what_can_be_installed(name: str, host: str) -> None:
    (preset,) = (file.text for file in files_of(name, host) if file.path.suffix == ".preset")
    enabled = set(re.findall(r"^enable (tandem-\S+)$", preset, re.MULTILINE))
    assert enabled == {unit for unit, text in units_of(name, host) if "[Install]" in text}


@pytest.mark.parametrize(("name", "host"), tuple(all_hosts()))
def test_what_is_always_restarted_is_never_given_up(name: str, host: str) -> None:
    always = {unit: text for unit, text in units_of(name, host) if "Restart=always" in text}
    given_up = [u for u, text in always.items() if "StartLimitIntervalSec=0\n" not in text]
    assert given_up == []
