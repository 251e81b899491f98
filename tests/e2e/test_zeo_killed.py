"""The ZEO server and its parent killed while editors work, and started again 5 s later."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import psutil
import pytest

from tandem.local.stack import stack_in
from tandem.local.status import supervisor_of
from tests.asking import get
from tests.e2e.running import Running

WRITERS = 2
AWAY = 5.0
PAUSE = 0.05
"""How long a reader looks at a page, in seconds: not all of the computer is theirs."""


@dataclass
class Writer:
    """An editor who adds pages to a folder of his own through Apache, as fast as he can."""

    stack: Running
    folder: str
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    longest: float = 0.0

    def write_until(self, over: Event) -> None:
        with self.stack.api() as browser:
            while not over.is_set():
                title = f"{self.folder}-{len(self.acknowledged) + len(self.refused)}"
                start = monotonic()
                answer = browser.post(
                    f"/{self.folder}",
                    json={"@type": "Document", "id": title, "title": title},
                )
                self.longest = max(self.longest, monotonic() - start)
                if answer.status_code == 201:
                    self.acknowledged.append(title)
                else:
                    self.refused.append(f"{answer.status_code} {answer.text[:200]}")


def read_until(over: Event, stack: Running) -> float:
    """Ask for a page that no cache keeps, over and over; the longest that one took, in seconds."""
    longest = 0.0
    with stack.api() as browser:
        while not over.is_set():
            start = monotonic()
            assert browser.get("/").status_code == 200
            longest = max(longest, monotonic() - start)
            over.wait(PAUSE)
    return longest


def zeoserver(stack: Running, word: str) -> None:
    subprocess.run([stack.directory / "bin" / "zeoserver", word], check=True, capture_output=True)


def zeo_processes(stack: Running) -> list[psutil.Process]:
    """The ZEO server and its zdaemon."""
    marks = [str(stack.directory / "parts" / part) for part in ("zeoserver", "zeo-conf")]
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(mark in " ".join(process.info["cmdline"] or ()) for mark in marks)
    ]


def contents(stack: Running, client: str, folder: str) -> set[str]:
    listed = get(
        f"{client}/Plone/{folder}",
        params={"b_size": 100000},
        auth=("admin", stack.password),
        headers={"Accept": "application/json"},
        timeout=60,
    )
    return {item["@id"].rsplit("/", 1)[1] for item in listed.json()["items"]}


def test_nothing_acknowledged_is_lost_and_no_client_needs_a_restart(
    stack: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = supervisor_of(stack_in(stack.config))
    clients_before = {name: row.pid for name, row in stack.rows().items() if "client" in name}
    logs = [stack.directory / "var" / "log" / f"{name}.log" for name in clients_before]
    read_to = {log: log.stat().st_size for log in logs}
    writers = [Writer(stack, f"writer{number}") for number in range(WRITERS)]
    with stack.api() as browser:
        for writer in writers:
            made = browser.post("/", json={"@type": "Folder", "title": writer.folder})
            assert made.status_code == 201, made.text
    supervisor.stop("zeoserver")
    zeoserver(stack, "start")
    over = Event()
    try:
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            reading = pool.submit(read_until, over, stack)
            working = [pool.submit(writer.write_until, over) for writer in writers]
            try:
                sleep(4)
                doomed = zeo_processes(stack)
                assert len(doomed) >= 2, doomed
                for process in doomed:
                    os.kill(process.pid, signal.SIGKILL)
                before = sum(len(writer.acknowledged) for writer in writers)
                sleep(AWAY)
                zeoserver(stack, "start")
                sleep(10)
            finally:
                over.set()
            for future in working:
                future.result()
    finally:
        zeoserver(stack, "stop")
        supervisor.ensure("zeoserver")

    acknowledged = sum(len(writer.acknowledged) for writer in writers)
    refused = [words for writer in writers for words in writer.refused]
    longest = max(writer.longest for writer in writers)
    conflicts = sum("conflict error" in words for words in refused)
    with capsys.disabled():
        print(
            f"\nZEO killed for {AWAY:g} s: {acknowledged} commits acknowledged"
            f" ({before} before), {len(refused)} refused ({conflicts} as conflicts of two editors);"
            f" longest stall {reading.result():.1f} s for a reader, {longest:.1f} s for an editor"
        )
    assert acknowledged > before > 0
    stack.wait_until_well()
    for writer in writers:
        for client in stack.clients:
            assert set(writer.acknowledged) <= contents(stack, client, writer.folder)
    assert not [words for words in refused if "same oid" in words]
    for log in logs:
        assert "same oid" not in log_since(log, read_to[log])
    after = {name: row.pid for name, row in stack.rows().items() if "client" in name}
    assert after == clients_before


def log_since(log: Path, offset: int) -> str:
    with log.open() as opened:
        opened.seek(offset)
        return opened.read()
