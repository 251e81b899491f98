"""A whole stack on ports of its own, built, started and stopped as ``make run`` does it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from time import monotonic, sleep
from typing import Any

import httpx

from tandem.local.asking import port_is_free

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

    def build(self) -> None:
        """What ``make setup`` does last, for this stack."""
        done = subprocess.run(
            [BIN / "buildout", "-N", "-c", self.config],
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
        rows = self.status()
        while not all(row["ready"] for row in rows.values()):
            assert monotonic() < deadline, rows
            sleep(0.2)
            rows = self.status()

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


def free_ports(count: int) -> int:
    """The first of so many consecutive ports on which nothing listens.

    They lie below those that the kernel gives to outgoing connections (ip(7): from 32768 on).
    """
    while True:
        first = SystemRandom().randrange(20000, 32000)
        if all(port_is_free("127.0.0.1", port) for port in range(first, first + count)):
            return first


def make_stack(directory: Path, text: str = "") -> Running:
    """Build a stack in the directory; ``text`` changes its description."""
    first = free_ports(6)
    names = ("frontend", "zeoserver", "debug", "waitingroom", "zeoclient")
    ports = {name: first + at for at, name in enumerate(names)}
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
