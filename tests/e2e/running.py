"""A whole stack on ports of its own, built, started and stopped as ``make run`` does it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from tandem.local.stack import Stack, stack_in
from tandem.local.status import Row, status
from tests.ports import free_ports

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


class Running:
    """A stack that runs: its directory, and where its parts answer."""

    def __init__(self, directory: Path, ports: dict[str, int]) -> None:
        self.directory = directory
        self.config = directory / "buildout.cfg"
        self.ports = ports
        self.url = f"http://127.0.0.1:{ports['frontend']}"
        self.clients = tuple(f"http://127.0.0.1:{ports['zeoclient'] + n}" for n in (0, 1))

    def build(self, *parts: str) -> None:
        """What ``make setup`` does last, for this stack, or for some parts of it."""
        install = ("install", *parts) if parts else ()
        done = subprocess.run(
            [BIN / "buildout", "-N", "-c", self.config, *install],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def local(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What ``make run``, ``make stop`` and ``make status`` call, on this stack."""
        return subprocess.run(
            [sys.executable, "-m", "tandem.local", *words, "--config", self.config],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def status(self) -> dict[str, Any]:
        """What ``make status`` says, by the program's name."""
        rows = json.loads(self.local("status", "--json").stdout)["rows"]
        return {row["name"]: row for row in rows}

    def rows(self) -> dict[str, Row]:
        """The same from this process, for those who look often."""
        return {row.name: row for row in status(self.stack).rows}

    @cached_property
    def stack(self) -> Stack:
        """What the stack consists of."""
        return stack_in(self.config)

    def end(self) -> None:
        """Stop it, and remove the cache, which lies elsewhere where root runs it."""
        self.local("stop")
        conf = (self.directory / "parts" / "frontend" / "httpd.conf").read_text()
        for line in conf.splitlines():
            if line.startswith("CacheRoot "):
                shutil.rmtree(line.split('"')[1], ignore_errors=True)

    def wait_until_well(self, seconds: float = 60) -> None:
        """Wait until everything does its work."""
        deadline = monotonic() + seconds
        while not (seen := status(self.stack)).well:
            assert monotonic() < deadline, seen
            sleep(0.2)

    @property
    def password(self) -> str:
        """The admin's password."""
        return (self.directory / "var" / "secrets" / "admin").read_text().strip()

    @contextmanager
    def editor(self) -> Iterator[httpx.Client]:
        """A browser logged in as the admin, by the login form of the site."""
        form = {"__ac_name": "admin", "__ac_password": self.password, "buttons.login": "Log in"}
        with httpx.Client(base_url=self.url, follow_redirects=True, timeout=60) as browser:
            page = browser.post("/login", data=form)
            assert "__ac" in browser.cookies, page.text
            yield browser

    def api(self) -> httpx.Client:
        """A program that uses plone.restapi as the admin, through Apache."""
        return httpx.Client(
            base_url=self.url,
            auth=("admin", self.password),
            headers={"Accept": "application/json"},
            timeout=90,
        )


def make_stack(directory: Path, text: str = "") -> Running:
    """Build a stack in the directory; ``text`` changes its description."""
    # The second client has the last one.
    names = ("frontend", "zeoserver", "debug", "waitingroom", "zeoclient")
    ports = dict(zip(names, free_ports(6), strict=False))
    (directory / "buildout.cfg").write_text(
        f"[buildout]\nextends = {CHECKOUT}/buildout.cfg\n"
        f"[ports]\nzeoserver = {ports['zeoserver']}\nzeoclient = {ports['zeoclient']}\n"
        f"debug = {ports['debug']}\nwaitingroom = {ports['waitingroom']}\n"
        f"[here]\nname =\nfrontend-port = {ports['frontend']}\n"
        f"{text}"
    )
    running = Running(directory, ports)
    running.build()
    return running
