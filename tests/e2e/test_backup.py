"""Backup and restore, blobs included."""

import subprocess

import httpx

from tests.e2e.running import Running

CONTENT = "what the file holds\n" * 1000


def upload(stack: Running, name: str) -> str:
    """Add a file to the site; return its path."""
    with stack.api() as browser:
        added = browser.post(
            "/",
            json={
                "@type": "File",
                "id": name,
                "title": name,
                "file": {"data": CONTENT, "filename": name, "content-type": "text/plain"},
            },
        )
        assert added.status_code == 201, added.text
        return httpx.URL(added.json()["@id"]).path


def command(stack: Running, *words: str) -> None:
    done = subprocess.run(
        [stack.directory / "bin" / words[0], *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_deleted_file_comes_back_from_the_backup_with_its_content(stack: Running) -> None:
    path = upload(stack, "kept.txt")
    command(stack, "backup")
    with stack.api() as browser:
        assert browser.delete(path).status_code == 204
        assert browser.get(path).status_code == 404
    assert stack.local("stop").returncode == 0
    command(stack, "restore", "--no-prompt")
    started = stack.local("run")
    assert started.returncode == 0, started.stdout + started.stderr
    with stack.api() as browser:
        assert browser.get(f"{path}/@@download/file").text == CONTENT


def test_packing_keeps_what_is_there(stack: Running) -> None:
    path = upload(stack, "packed.txt")
    command(stack, "zeopack", "-D", "0")
    with stack.api() as browser:
        assert browser.get(f"{path}/@@download/file").text == CONTENT
