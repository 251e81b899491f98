"""A real ZEO server, as a process of its own, and what clients do with it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import transaction
import ZODB
from ZEO.ClientStorage import ClientStorage

DEADLINE = 10.0  # seconds, for anything that is waited for


def wait_until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"after {DEADLINE:g} s still not: {what}")
        time.sleep(0.02)


@dataclass
class Server:
    """A server of a storage section, with all it needs below `folder`."""

    folder: Path
    section: str = "durablestorage"
    data_folder: Path | None = None  # where not in `folder`
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    clients: list[ZODB.DB] = field(default_factory=list, init=False)

    @property
    def address(self) -> str:
        return str(self.folder / "zeo.sock")

    @property
    def data(self) -> Path:
        return (self.data_folder or self.folder) / "Data.fs"

    def configure(self) -> Path:
        path = self.folder / "zeo.conf"
        path.write_text(
            f"""
            %import tandem.zeoserver
            <zeo>
              address {self.address}
            </zeo>
            <{self.section} 1>
              path {self.data}
              blob-dir {self.folder / "blobs"}
            </{self.section}>
            <eventlog>
              <logfile>
                path {self.folder / "zeo.log"}
              </logfile>
            </eventlog>
            """
        )
        return path

    def launch(self) -> subprocess.Popen[str]:
        """Start without waiting, with its standard error at hand."""
        command = [sys.executable, "-m", "ZEO.runzeo", "-C", str(self.configure())]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def start(self) -> None:
        self.process = self.launch()
        wait_until(self._answers, "the server answers")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.communicate()[1]
        with suppress(Exception):
            storage = ClientStorage(self.address, wait=False)
            try:
                wait_until(storage.is_connected, "connected")
                return True
            finally:
                storage.close()
        return False

    def stop(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.communicate()
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def client(self) -> ZODB.DB:
        cache = str(self.folder / "cache")
        db = ZODB.DB(ClientStorage(self.address, wait_timeout=DEADLINE, blob_dir=cache))
        self.clients.append(db)
        return db

    def close(self) -> None:
        for db in self.clients:
            db.close()
        self.stop(signal.SIGTERM)


def reconnected(db: ZODB.DB) -> None:
    wait_until(db.storage.is_connected, "the client is connected again")


def commit(db: ZODB.DB, change: Callable[[Any], None]) -> None:
    """Commit what `change` does with the root object."""
    manager = transaction.TransactionManager()
    connection = db.open(manager)
    try:
        with manager:
            change(connection.root())
    finally:
        connection.close()
