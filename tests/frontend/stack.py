"""A real Apache on a rendered configuration, in front of small real WSGI servers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from tandem.description import cluster_in
from tandem.model import Cluster, FrontendVM, Here, Ports, Site, ZeoclientVM, seen_from
from tandem.rendering import CHECKOUT, Place, render
from tandem.writing import write as write_files
from tests.asking import get
from tests.ports import free_ports, listens

BACKEND = Path(__file__).with_name("backend.py")
HOST = "127.0.0.1"
WORKER = "www-data"
SITES = (
    Site("*", "/Plone"),
    Site("www.example.org", "/Plone"),
    Site("two.example.org", "/folder/Two"),
)


def eventually(what: str, happened: Callable[[], object], seconds: float = 10) -> float:
    """Ask until it is so; return how many seconds that took. Fails after `seconds`."""
    start = time.monotonic()
    while not happened():
        assert time.monotonic() - start < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - start


def cluster(clients: int = 2, first_port: int = 8081, port: int = 8080, **options: Any) -> Cluster:
    """A cluster with the frontend's options; `sites` among them."""
    sites = options.pop("sites", SITES)
    chosen: dict[str, Any] = {
        "hold": 10.0,
        "timeout": 30.0,
        "check_interval": 0.3,
        "connections": 500,
        "manage_from": ("127.0.0.1", "::1"),
        "cache": "none",
        "cache_size": 100,
        "cache_freshness": 60,
    }
    return replace(
        seen_from(Here(address=HOST), cluster_in(CHECKOUT / "cluster.cfg")),
        ports=Ports(
            frontend=port,
            zeoserver=8100,
            zeoclient=first_port,
            debug=8099,
            waitingroom=first_port + clients,
        ),
        frontend=FrontendVM(address=HOST, **{**chosen, **options}),
        zeoclient=ZeoclientVM(addresses=(("localhost", HOST),), clients=clients, threads=2),
        sites=sites,
    )


def write(described: Cluster, folder: Path, cache: Path) -> Path:
    """Render everything for Apache; return the folder of the rendered files."""
    place = Place(
        parts=PurePosixPath(folder / "parts"),
        var=PurePosixPath(folder / "var"),
        cache=PurePosixPath(cache),
        python=PurePosixPath(sys.executable),
        user=WORKER if os.geteuid() == 0 else "",
    )
    write_files(render("apache", described, "cluster.cfg", place=place), folder / "parts")
    return folder / "parts"


@dataclass
class Backend:
    """One of the WSGI servers behind Apache."""

    name: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen([sys.executable, str(BACKEND), self.name, str(self.port)])
        eventually(f"{self.name} listens", lambda: listens(self.port))

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process
        self.process.kill()
        self.process.wait()

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Freeze it: the kernel still accepts connections, nobody answers."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Thaw it."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    def set(self, **state: float) -> None:
        """Say whether it is ready, or how many seconds it takes to say so (`check`)."""
        get(f"http://{HOST}:{self.port}/__set", params=state).raise_for_status()

    @property
    def seen(self) -> list[str]:
        """The requests that arrived, as `GET /path`."""
        answer: list[str] = get(f"http://{HOST}:{self.port}/__seen").json()
        return answer


@dataclass
class Frontend:
    """Apache, its waiting room, and the backends."""

    folder: Path
    described: Cluster
    cache: Path
    backends: list[Backend]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Apache's address."""
        return f"http://{HOST}:{self.described.ports.frontend}"

    @property
    def conf(self) -> Path:
        """The rendered configuration."""
        return self.folder / "parts" / "httpd.conf"

    @property
    def pid(self) -> int:
        """Apache's main process."""
        return int((self.folder / "var" / "httpd.pid").read_text())

    @property
    def error_log(self) -> str:
        """What Apache has logged."""
        return (self.folder / "var" / "log" / "error.log").read_text()

    @property
    def access_log(self) -> str:
        """What Apache has logged of requests."""
        return (self.folder / "var" / "log" / "access.log").read_text()

    def start(self, *programs: str) -> None:
        """Start the rendered programs, all that belong together if none is named."""
        ports = self.described.ports
        listening = {"waitingroom": ports.waitingroom, "run": ports.frontend}
        for program in programs or listening:
            self.processes[program] = subprocess.Popen(
                [str(self.folder / "parts" / program)],
                start_new_session=True,
            )
            eventually(f"{program} listens", partial(listens, listening[program]), 30)

    def end(self) -> None:
        """Stop everything."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(10)
        for backend in self.backends:
            if backend.alive:
                backend.go_on()
                backend.kill()

    def all_well(self) -> None:
        """Bring every backend back, and wait until Apache uses each of them."""
        for backend in self.backends:
            if not backend.alive:
                backend.start()
            backend.go_on()
            backend.set(ready=1, check=0)
        eventually("all clients are in use", lambda: self.in_use() == len(self.backends))

    def in_use(self) -> int:
        """How many clients the balancer regards as usable."""
        return get(f"{self.url}/.tandem/balancer").text.count("<td>Init Ok </td>")

    def get(self, path: str = "/", **options: Any) -> httpx.Response:
        """A visitor's request, on a connection of its own."""
        return get(self.url + path, timeout=60, **options)

    def raw(
        self, target: str, headers: str = "", method: str = "GET", source: str = HOST
    ) -> tuple[int, str, str]:
        """Send a request as it stands; return the answer's status, head and body."""
        with socket.create_connection(
            (HOST, self.described.ports.frontend), timeout=30, source_address=(source, 0)
        ) as visitor:
            lines = f"{method} {target} HTTP/1.1\r\nConnection: close\r\n{headers}"
            if not headers.startswith("Host:"):
                lines += "Host: www.example.org\r\n"
            visitor.sendall(f"{lines}\r\n".encode("latin1"))
            answer = b""
            while data := visitor.recv(65536):
                answer += data
        head, _, body = answer.decode().partition("\r\n\r\n")
        return int(head.split()[1]), head, body


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[Frontend]:
    """A frontend with its backends, all well, until the end of the block."""
    clients = options.get("clients", 2)
    port, first, *_ = free_ports(clients + 2)
    described = cluster(first_port=first, port=port, **options)
    # Apache's workers are not root and cannot enter pytest's own directories.
    cache = Path(tempfile.mkdtemp(prefix="tandem-test-", dir="/var/tmp"))
    cache.chmod(0o755)
    write(described, folder, cache / "pages")
    backends = [Backend(client.route, client.port) for client in described.clients]
    frontend = Frontend(folder, described, cache / "pages", backends)
    try:
        for backend in backends:
            backend.start()
        frontend.start()
        frontend.all_well()
        yield frontend
    finally:
        frontend.end()
        shutil.rmtree(cache)
