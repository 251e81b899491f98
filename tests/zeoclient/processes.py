"""Real ZEO servers and real Zope clients as processes, for the tests of the readiness address."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import chdir, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from plone.recipe.zope2instance.recipe import Recipe
from zc.buildout.buildout import Buildout

from tests.ports import free_ports, listens

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
READY = "/@@tandem-ready"

BUILDOUT = """
[buildout]
parts =
offline = true
directory = {directory}

[client]
recipe = plone.recipe.zope2instance
eggs =
user = admin:admin
http-address = 127.0.0.1:{port}
http-fast-listen = off
threads = 2
wsgi-ini-template = {template}
pipeline =
    translogger
    blocking
    egg:Zope#httpexceptions
    zope
"""

SITE_ZCML = """
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="Zope2.App" />
</configure>
"""
"""Zope alone: without it, all of Plone that is installed is loaded at each start."""

ZEO_DATABASE = """
<zodb_db {name}>
  <zeoclient>
    server 127.0.0.1:{port}
    storage 1
    name {name}
  </zeoclient>
  mount-point {mount_point}
</zodb_db>
"""


def until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until the condition holds; the seconds that it took. Fails after ``seconds``."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - start


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str
    seconds: float


class Process:
    """One process with its output in a file, killed hard and restarted at will."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self.command, self.port, self.log = command, port, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        path = os.pathsep.join([str(ROOT / "src"), str(HERE)])
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": path}
            )
        until(lambda: listens(self.port), 20, f"{self.command} listens; see {self.log}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class ZeoServer(Process):
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        port = free_ports()[0]
        command = [sys.executable, "-m", "ZEO.runzeo", "-a", f"127.0.0.1:{port}"]
        super().__init__([*command, "-f", str(directory / "Data.fs")], port, directory / "log")

    def database(self, name: str, mount_point: str) -> str:
        """The part of a zope.conf that makes a database of this server."""
        return ZEO_DATABASE.format(name=name, port=self.port, mount_point=mount_point)


class Client(Process):
    """A plain Zope; the real recipe makes its wsgi.ini from our template."""

    def __init__(self, directory: Path, databases: str) -> None:
        port = free_ports()[0]
        etc = directory / "parts" / "client" / "etc"
        etc.mkdir(parents=True)
        (directory / "var" / "log").mkdir(parents=True)
        (etc / "zope.conf").write_text(f"instancehome {etc.parent}\n{databases}")
        (etc / "site.zcml").write_text(SITE_ZCML)
        template = ROOT / "templates" / "zope" / "wsgi.ini"
        config = directory / "buildout.cfg"
        config.write_text(BUILDOUT.format(directory=directory, port=port, template=template))
        with chdir(directory):  # a Buildout changes the directory of its process
            buildout = Buildout(str(config), [], use_user_defaults=False)
            Recipe(buildout, "client", buildout["client"]).build_wsgi_ini()
        with (etc / "wsgi.ini").open("a") as wsgi_ini:
            wsgi_ini.write("\n[filter:blocking]\nuse = call:blocking:factory\n")
        self.access_log = directory / "var" / "log" / "client-access.log"
        self.event_log = directory / "var" / "log" / "client.log"
        command = [sys.executable, "-m", "Zope2.Startup.serve", str(etc / "wsgi.ini")]
        super().__init__(command, port, directory / "log")

    def ask(self, path: str = READY, method: str = "GET") -> Answer:
        start = time.monotonic()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            connection.request(method, path)
            response = connection.getresponse()
            body = response.read().decode()
        headers = dict(response.getheaders())
        return Answer(response.status, headers, body, time.monotonic() - start)

    def send(self, request: bytes) -> socket.socket:
        """An open connection on which ``request`` was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(request)
        return connection

    def is_ready(self) -> bool:
        return self.ask().status == 200

    def is_not_ready(self) -> bool:
        return self.ask().status == 503
