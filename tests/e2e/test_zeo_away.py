"""ZEO away for a while: from one client alone, and from all."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic, sleep

import pytest

from tandem.local.stack import stack_in
from tandem.local.status import supervisor_of
from tests.asking import get
from tests.e2e.running import Running


class Link:
    """A wire between a client and the ZEO server that can be cut: a TCP relay that goes silent."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through from now on; connections stay open, as over a dead switch."""
        self._whole.clear()

    def heal(self) -> None:
        """Let everything through again, what has been sent meanwhile too."""
        self._whole.set()

    def close(self) -> None:
        self._whole.set()
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._whole.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def link(stack: Running) -> Iterator[Link]:
    """The wire of the second client alone."""
    supervisor = supervisor_of(stack_in(stack.config))
    zope_conf = stack.directory / "parts" / "zeoclient2" / "etc" / "zope.conf"
    as_built = zope_conf.read_text()
    wire = Link(stack.ports["zeoserver"])
    try:
        supervisor.stop("zeoclient2")
        direct = f"server 127.0.0.1:{stack.ports['zeoserver']}"
        assert direct in as_built
        zope_conf.write_text(as_built.replace(direct, f"server 127.0.0.1:{wire.port}"))
        supervisor.ensure("zeoclient2")
        stack.wait_until_well()
        eventually(stack, clients=2)
        yield wire
    finally:
        zope_conf.write_text(as_built)
        supervisor.stop("zeoclient2")
        wire.close()
        supervisor.ensure("zeoclient2")
        stack.wait_until_well()


def eventually(stack: Running, clients: int, seconds: float = 10) -> float:
    """Wait until the balancer uses so many clients; return how many seconds that took."""
    start = monotonic()
    while in_use(stack) != clients:
        assert monotonic() - start < seconds, f"not {clients} clients in use after {seconds} s"
        sleep(0.02)
    return monotonic() - start


def in_use(stack: Running) -> int:
    return get(f"{stack.url}/.tandem/balancer").text.count("<td>Init Ok </td>")


def test_a_client_that_alone_lost_zeo_is_out_within_2_s_and_back_within_2_s(
    stack: Running, link: Link, capsys: pytest.CaptureFixture[str]
) -> None:
    link.cut()
    out = eventually(stack, clients=1)
    link.heal()
    back = eventually(stack, clients=2)
    with capsys.disabled():
        print(f"\na client that lost ZEO: out after {out:.2f} s, back after {back:.2f} s")
    assert out < 2
    assert back < 2


def test_a_zeo_restart_of_2_s_is_a_stall_and_no_error(
    stack: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = supervisor_of(stack_in(stack.config))
    over = threading.Event()

    def visit() -> tuple[list[int], float]:
        seen, longest = [], 0.0
        with stack.api() as browser:
            while not over.is_set():
                start = monotonic()
                seen.append(browser.get("/").status_code)
                longest = max(longest, monotonic() - start)
                # Not all of the computer is theirs.
                over.wait(0.05)
        return seen, longest

    with ThreadPoolExecutor(6) as visitors:
        visits = [visitors.submit(visit) for _ in range(6)]
        try:
            sleep(1)
            supervisor.stop("zeoserver")
            sleep(2)
            supervisor.ensure("zeoserver")
            sleep(5)
        finally:
            over.set()
        answers = [visitor.result() for visitor in visits]
    stack.wait_until_well()
    seen = [status for statuses, _ in answers for status in statuses]
    with capsys.disabled():
        longest = max(longest for _, longest in answers)
        print(f"\nZEO restarted within 2 s: {len(seen)} requests, longest {longest:.1f} s")
    assert set(seen) == {200}
