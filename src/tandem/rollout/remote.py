"""A host of the cluster, over ssh: Fabric's connection, which is strict about whom it enters."""

import re
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from fabric import Config, Connection
from paramiko import RejectPolicy
from paramiko.ssh_exception import (
    AuthenticationException,
    BadHostKeyException,
    NoValidConnectionsError,
    SSHException,
)

from tandem.errors import TandemError
from tandem.model import Host, Ssh
from tandem.rendering import CHECKOUT

_CONNECT: Final = 5
"""How long a host may take to be reached, in seconds."""
_SILENCE: Final = 15
"""After how long a silence on the wire a connection is given up, in seconds."""


# The first that is found in what a command printed there is its cause; programs say it in English.
_CAUSES: Final = (
    (r"No space left on device", "its disk is full: make room there, and run it again"),
    (r"Could not get lock|Unable to acquire", "somebody else installs packages there just now"),
    (
        r"Failed to fetch|Temporary failure resolving|Could not resolve|Could not connect",
        "its package sources cannot be reached: see /etc/apt/sources.list there, and run it again",
    ),
    (r"Unable to locate package (\S+)", "its package sources have no {0}"),
)


def why(printed: str) -> str:
    """The one line that matters of what a command printed that failed."""
    for pattern, sentence in _CAUSES:
        if found := re.search(pattern, printed):
            return sentence.format(*found.groups())
    return (printed.strip().splitlines() or ["it failed, and said nothing"])[-1].strip()


class HostError(TandemError):
    """Something that went wrong with one host."""

    def __init__(self, host: str, sentence: str) -> None:
        super().__init__(f"{host}: {sentence}")
        self.host = host
        self.sentence = sentence


class Remote:
    """A host that is entered as root; ``with`` ends the connection.

    Its key must be known, from ``~/.ssh/known_hosts`` or the file that the description names.
    """

    def __init__(self, host: Host, ssh: Ssh) -> None:
        self.host = host
        self._ssh = ssh
        key = {"key_filename": str(CHECKOUT / ssh.key), "look_for_keys": False} if ssh.key else {}
        self._connection: Any = Connection(
            host.address,
            user=ssh.user,
            connect_timeout=_CONNECT,
            connect_kwargs={"allow_agent": not ssh.key, "banner_timeout": _CONNECT, **key},
            # The operator's own ~/.ssh/config may lead elsewhere, or by way of another host.
            config=Config(),
        )
        with self._faults():
            self._connection.client.set_missing_host_key_policy(RejectPolicy())
            self._connection.client.load_system_host_keys()
            if ssh.known_hosts:
                self._connection.client.load_host_keys(str(CHECKOUT / ssh.known_hosts))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def run(
        self, script: str, stdin: bytes = b"", tell: Callable[[str], None] | None = None
    ) -> str:
        """What a POSIX shell script prints that root runs there; ``tell`` gets each line at once.

        Others on the host can see the script, but not ``stdin``. Raises HostError.
        """
        with self._faults(), self._opened(script) as channel:
            # A script that ends before it has read all says why on its standard error.
            with suppress(OSError):
                channel.sendall(stdin)
                channel.shutdown_write()
            printed = []
            for line in channel.makefile("rb"):
                printed.append(line.decode(errors="replace"))
                if tell:
                    tell(printed[-1].rstrip("\n"))
            said = channel.makefile_stderr("rb").read().decode(errors="replace")
            status = channel.recv_exit_status()
            if status == -1:
                raise HostError(self.host.name, _BROKE_OFF)
        if status:
            raise HostError(self.host.name, why("".join(printed) + said))
        return "".join(printed)

    @contextmanager
    def talking(self, script: str) -> Iterator[tuple[Callable[[bytes], None], Callable[[], str]]]:
        """A script that root runs there during the block: what it hears, and its next line.

        Its standard input ends with the block. Raises HostError.
        """
        with self._faults(), self._opened(script) as channel:
            printed = channel.makefile("rb")
            yield channel.sendall, lambda: printed.readline().decode().rstrip("\n")

    @contextmanager
    def _opened(self, script: str) -> Iterator[Any]:
        self._connection.open()
        transport = self._connection.transport
        transport.set_keepalive(_SILENCE // 3)
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000)
        channel = transport.open_session(timeout=_SILENCE)
        try:
            root = "" if self._ssh.user == "root" else "sudo -n "
            channel.exec_command(f"{root}sh -c {shlex.quote(script)}")
            yield channel
        finally:
            channel.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        host = f"{self.host.name}"
        address = self.host.address
        try:
            yield
        except BadHostKeyException:
            raise HostError(
                host,
                f"{address} has another host key than is known: if it was installed anew,"
                f" `ssh-keygen -R {address}` forgets the old one",
            ) from None
        except AuthenticationException:
            key = f"the key {self._ssh.key}" if self._ssh.key else "your keys"
            raise HostError(
                host, f"{address} does not let {self._ssh.user} in with {key}"
            ) from None
        except NoValidConnectionsError as error:
            reason = next(iter(error.errors.values()))
            raise HostError(
                host, f"{address} cannot be reached: {reason.strerror or reason}"
            ) from None
        except TimeoutError:
            raise HostError(host, f"{address} cannot be reached: no answer") from None
        except SSHException as error:
            if "not found in known_hosts" in str(error):
                raise HostError(
                    host,
                    f"the host key of {address} is not known: look at it, then"
                    f" `ssh {self._ssh.user}@{address}` once",
                ) from None
            raise HostError(host, f"ssh to {address} failed: {error}") from None
        except (OSError, EOFError) as error:
            if isinstance(error, FileNotFoundError):
                raise HostError(host, f"{error.filename}: no such file") from None
            raise HostError(host, _BROKE_OFF) from None


_BROKE_OFF: Final = "the connection broke off: run it again, and it finishes the work"
