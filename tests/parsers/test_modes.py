"""Who may read and run the files, and that each says what made it."""

import re

import pytest

from tandem.rendering import File
from tests.examples import example, secrets_for
from tests.parsers.trees import SOURCE, all_hosts, files_of

HOSTS = tuple(all_hosts())


def listed(files: list[File]) -> list[str]:
    return [f"{file.path} {file.mode:o}" for file in files]


@pytest.mark.parametrize(("name", "host"), HOSTS)
def test_what_holds_a_secret_is_not_readable_by_all(name: str, host: str) -> None:
    known = secrets_for(example(name))
    words = {known.drbd, known.heartbeat, *known.fence.values()}
    line = re.compile(rf"(^|[\s\"])({'|'.join(words)})[\";]*$", re.MULTILINE)
    holders = [file for file in files_of(name, host) if line.search(file.text)]
    assert listed([file for file in holders if file.mode & 0o137]) == []
    pair = host in example(name).pair
    assert len(holders) == (2 + (example(name).fencing == "ipmi") if pair else 0)


@pytest.mark.parametrize(("name", "host"), HOSTS)
def test_what_holds_no_secret_is_readable_by_all(name: str, host: str) -> None:
    closed = [str(file.path) for file in files_of(name, host) if not file.mode & 0o004]
    secret = r"etc/(drbd\.d/global_common\.conf|ha\.d/authkeys|tandem/fence-.*)"
    assert [path for path in closed if not re.fullmatch(secret, path)] == []


@pytest.mark.parametrize(("name", "host"), HOSTS)
def test_scripts_alone_are_executable(name: str, host: str) -> None:
    files = files_of(name, host)
    scripts = [file for file in files if file.text.startswith(("#!/bin/sh", "#!/usr/bin/perl"))]
    assert listed([file for file in files if file.mode & 0o111]) == listed(scripts)


@pytest.mark.parametrize(("name", "host"), HOSTS)
def test_nobody_but_root_can_write_a_file(name: str, host: str) -> None:
    assert listed([file for file in files_of(name, host) if file.mode & 0o022]) == []


@pytest.mark.parametrize(("name", "host"), HOSTS)
def test_each_file_says_what_made_it_and_from_what(name: str, host: str) -> None:
    silent = [
        str(file.path)
        for file in files_of(name, host)
        if f"Made by Tandem from {SOURCE}" not in "\n".join(file.text.splitlines()[:2])
    ]
    # A page tells visitors nothing of it, and a password is alone in its file.
    told = [path for path in silent if not re.fullmatch(r".*\.html|etc/tandem/fence-.*", path)]
    assert told == []
