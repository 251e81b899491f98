"""The waiting room: holds requests while no client is ready.

Apache's balancer has a `timeout` for that, but only one request at a time can wait in it: while
one does, `find_best_worker` in mod_proxy_balancer.c sets the timeout, which all processes share,
to 0, and the others get their 503 at once. So the balancer has this small TCP server as its hot
standby: Apache gives it a request only while it can use none of the clients. It asks the clients
whether they are ready as long as somebody waits, joins each request to one that is, and answers
503 when the time is up. A held request costs a thread in Apache and next to nothing here.

It speaks HTTP only as far as it must: each connection carries one request (`disablereuse=on`
in Apache), whose bytes it passes on as they are.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger("waitingroom")

CHUNK = 64 * 1024  # bytes moved at a time
HEAD_LIMIT = 256 * 1024  # bytes; more than Apache lets a request head grow to
RETRY_AFTER = 5  # s; what visitors' programs are told


def unavailable(page: str) -> bytes:
    """The answer when the time is up."""
    body = page.encode()
    head = (
        "HTTP/1.1 503 Service Unavailable",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"Retry-After: {RETRY_AFTER}",
        "Cache-Control: no-store",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode() + body


@dataclass(frozen=True)
class Client:
    """A client's address, as `host:port`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Client":
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit():
            raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT")
        return cls(host.strip("[]"), int(port))


@dataclass(frozen=True)
class Settings:
    """How the waiting room behaves. All times in seconds."""

    clients: tuple[Client, ...]
    ready_path: str
    hold: float
    capacity: int
    page: str
    poll: float = 0.1
    probe_timeout: float = 1.0
    fresh_marker: bytes = b""


def revalidates_a_stale_page(head: bytes, fresh_marker: bytes) -> bool:
    """Tell whether Apache's cache only asks if a page that it has is still good.

    Apache marks every request by an `If-Range` header, which means nothing without `Range`.
    mod_cache takes it away, with all other conditions of the visitor's, when it makes its own
    conditional request (`cache_select` in cache_storage.c). Such a request need not wait: on a
    503 the cache serves what it has.
    """
    if not fresh_marker:
        return False
    names = {line.partition(b":")[0].strip().lower() for line in head.split(b"\r\n")[1:]}
    conditional = b"if-none-match" in names or b"if-modified-since" in names
    return conditional and b"range" not in names and b"if-range" not in names


@dataclass
class WaitingRoom:
    """Holds connections until a client is ready, then joins the two ends."""

    settings: Settings
    _ready: dict[Client, bool] = field(default_factory=dict)
    _busy: dict[Client, int] = field(default_factory=dict)
    _waiting: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _prober: asyncio.Task[None] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one connection of Apache's, then pass it on."""
        try:
            await self._hold(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the visitor or the client hung up: Apache says so to the visitor
        finally:
            writer.close()

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        hurry = revalidates_a_stale_page(head, self.settings.fresh_marker)
        if hurry or self._waiting >= self.settings.capacity:
            writer.write(unavailable(self.settings.page))
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(self.settings.hold):
                client, connection = await self._connected()
        except TimeoutError:
            writer.write(unavailable(self.settings.page))
            return
        finally:
            self._waiting -= 1
        try:
            await self._join(head, reader, writer, *connection)
        finally:
            self._busy[client] -= 1

    async def _connected(
        self,
    ) -> tuple[Client, tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Wait for a ready client; return it, counted as busier by one, and a connection to it."""
        while True:
            client = await self._ready_client()
            self._busy[client] = self._busy.get(client, 0) + 1
            try:
                connection = await asyncio.open_connection(client.host, client.port)
            except BaseException as error:
                self._busy[client] -= 1
                self._ready[client] = False
                if not isinstance(error, OSError):
                    raise
            else:
                return client, connection

    async def _ready_client(self) -> Client:
        while True:
            if self._prober is None or self._prober.done():
                self._ready.clear()  # what was true when somebody last waited need not be now
                self._prober = asyncio.create_task(self._probe_while_somebody_waits())
            ready = [client for client in self.settings.clients if self._ready.get(client)]
            if ready:
                return min(ready, key=lambda client: self._busy.get(client, 0))
            changed = self._changed
            await changed.wait()

    async def _probe_while_somebody_waits(self) -> None:
        probes = [asyncio.create_task(self._probe(client)) for client in self.settings.clients]
        try:
            while self._waiting:
                await asyncio.sleep(self.settings.poll)
        finally:
            for probe in probes:
                probe.cancel()

    async def _probe(self, client: Client) -> None:
        while True:
            self._ready[client] = await self._is_ready(client)
            if self._ready[client]:
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()
            await asyncio.sleep(self.settings.poll)

    async def _is_ready(self, client: Client) -> bool:
        request = f"GET {self.settings.ready_path} HTTP/1.0\r\nHost: {client.host}\r\n\r\n"
        try:
            async with asyncio.timeout(self.settings.probe_timeout):
                reader, writer = await asyncio.open_connection(client.host, client.port)
                try:
                    writer.write(request.encode())
                    status = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False
        return status.split()[1:2] == [b"200"]

    @staticmethod
    async def _join(
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client_reader: asyncio.StreamReader,
        client_writer: asyncio.StreamWriter,
    ) -> None:
        """Pass the request on and the answer back, until the client has said all."""
        client_writer.write(head)
        upward = asyncio.create_task(_pump(reader, client_writer))
        try:
            await _pump(client_reader, writer)
        finally:
            upward.cancel()
            client_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


async def run(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    room = WaitingRoom(settings)
    server = await asyncio.start_server(room.serve, host, port, limit=HEAD_LIMIT, backlog=1024)
    log.info("waiting room on %s:%s for %s clients", host, port, len(settings.clients))
    await stop.wait()
    server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", type=Client.parse, required=True, metavar="HOST:PORT")
    parser.add_argument("--client", type=Client.parse, action="append", required=True)
    parser.add_argument("--ready-path", default="/@@tandem-ready")
    parser.add_argument("--hold", type=float, default=30.0, help="s, at most")
    parser.add_argument("--capacity", type=int, default=400, help="requests held at once")
    parser.add_argument("--page", type=Path, required=True, help="what visitors see of a 503")
    parser.add_argument("--fresh-marker", default="", help="Apache's cache is on: see the source")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    settings = Settings(
        clients=tuple(options.client),
        ready_path=options.ready_path,
        hold=options.hold,
        capacity=options.capacity,
        page=options.page.read_text(),
        fresh_marker=options.fresh_marker.encode(),
    )
    asyncio.run(run(settings, options.listen.host, options.listen.port))


if __name__ == "__main__":
    main()
