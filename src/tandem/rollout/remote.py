"""A host of the cluster, over ssh: Fabric's connection, which is strict about whom it enters."""

import logging
import re
import shlex
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from fabric import Config, Connection
from paramiko import RejectPolicy, SSHConfig
from paramiko.hostkeys import InvalidHostKey
from paramiko.ssh_exception import (
    AuthenticationException,
    BadHostKeyException,
    PasswordRequiredException,
    SSHException,
)

from tandem.errors import TandemError
from tandem.model import Host, Ssh
from tandem.rendering import CHECKOUT

_CONNECT: Final = 5
"""How long a host may take to be reached, in seconds."""
_BANNER: Final = 20
"""How long a host that was reached may take to let us in, in seconds: it may be busy, as one is
while Apache starts its threads."""
_SILENCE: Final = 15
"""After how long a silence on the wire a connection is given up, in seconds."""

_PIECE: Final = 1 << 20
"""How much paramiko is given at once, in bytes: it copies what is left of that at each packet."""


# The first that is found in what a command printed there is its cause; programs say it in English.
_CAUSES: Final = (
    (r"No space left on device", "its disk is full: make room there, and run it again"),
    (r"Could not get lock|Unable to acquire", "somebody else installs packages there just now"),
    (
        r"Failed to fetch|Temporary failure resolving|Could not resolve|Could not connect",
        "its package sources cannot be reached: see /etc/apt/sources.list there, and run it again",
    ),
    (r"(?m)^make setup: (.+)$", "{0}"),
    (r"Unable to locate package (\S+)", "its package sources have no {0}"),
)


def why(printed: str) -> str:
    """The one line that matters of what a command printed that failed, without a secret."""
    # drbdadm says the whole command that failed.
    printed = re.sub(r"--shared-secret[= ]\S+", "--shared-secret=<secret>", printed)
    for pattern, sentence in _CAUSES:
        if found := re.search(pattern, printed):
            return sentence.format(*found.groups())
    return (printed.strip().splitlines() or ["it failed, and said nothing"])[-1].strip()


# What goes wrong is said in HostError; on its own paramiko prints tracebacks of its threads.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class HostError(TandemError):
    """Something that went wrong with one host."""

    def __init__(self, host: str, sentence: str) -> None:
        super().__init__(f"{host}: {sentence}")
        self.host = host
        self.sentence = sentence


class Remote:
    """A host that is entered as root; ``with`` ends the connection.

    Its key must be known, from the file that the description names, or ``~/.ssh/known_hosts``
    where it names none. ``~/.ssh/config`` is not read. Raises HostError.
    """

    def __init__(self, host: Host, ssh: Ssh) -> None:
        self.host = host
        self._ssh = ssh
        key = {"key_filename": str(CHECKOUT / ssh.key), "look_for_keys": False} if ssh.key else {}
        self._connection: Any = Connection(
            host.address,
            user=ssh.user,
            connect_timeout=_BANNER,
            connect_kwargs={"banner_timeout": _BANNER, **key},
            # Where it leads by way of another host, Fabric takes any key for that one's.
            config=Config(ssh_config=SSHConfig()),
        )
        client = self._connection.client
        client.set_missing_host_key_policy(RejectPolicy())
        known = str(CHECKOUT / ssh.known_hosts) if ssh.known_hosts else ""
        try:
            if known:
                client.load_host_keys(known)
            else:
                client.load_system_host_keys()
        except (OSError, ValueError, InvalidHostKey) as error:
            why = error.strerror if isinstance(error, OSError) else "is none of known host keys"
            raise HostError(host.name, f"{known or '~/.ssh/known_hosts'}: {why}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def run(self, script: str, stdin: bytes = b"", within: float | None = None) -> str:
        """What a POSIX shell script prints that root runs there, errors and all.

        Others on the host can see the script, but not ``stdin``. ``within``: how long it may say
        nothing, in seconds. Raises HostError.
        """
        with self._opened(script) as channel, self._broken_off(within):
            channel.settimeout(within)
            # A script that ends before it has read all says why.
            with suppress(OSError):
                for start in range(0, len(stdin), _PIECE):
                    channel.sendall(stdin[start : start + _PIECE])
                channel.shutdown_write()
            printed: str = channel.makefile("rb").read().decode(errors="replace")
            status = channel.recv_exit_status()
            if status == -1:
                raise HostError(self.host.name, _BROKE_OFF)
            complaint = channel.makefile_stderr("rb").read().decode(errors="replace")
        if status:
            raise HostError(self.host.name, why(printed or complaint))
        return printed

    @contextmanager
    def talking(self, script: str) -> Iterator[tuple[Callable[[bytes], None], Callable[[], str]]]:
        """A script that root runs there during the block: what it hears, and its next line.

        Its standard input ends with the block. Raises HostError.
        """
        with self._opened(script) as channel:
            printed = channel.makefile("rb")

            def hear() -> str:
                with self._broken_off():
                    line: str = printed.readline().decode(errors="replace")
                    return line.rstrip("\n")

            yield channel.sendall, hear

    @contextmanager
    def _opened(self, script: str) -> Iterator[Any]:
        with self._unreached():
            if not self._connection.is_connected:
                # paramiko has one time for reaching a host and for all that the two then agree on.
                reached = socket.create_connection((self.host.address, 22), _CONNECT)
                self._connection.connect_kwargs["sock"] = reached
            self._connection.open()
            transport = self._connection.transport
            transport.set_keepalive(_SILENCE // 3)
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000)
            channel = transport.open_session(timeout=_SILENCE)
            root = "" if self._ssh.user == "root" else "sudo -n "
            # What sudo or a login complains about is no part of what the script prints.
            printing = f"exec 2>&1\n{script}"
            channel.exec_command(f"{root}sh -c {shlex.quote(printing)}")
        try:
            yield channel
        finally:
            channel.close()

    @contextmanager
    def _broken_off(self, within: float | None = None) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise HostError(self.host.name, f"no word from it for {within:g} s") from None
        except (OSError, EOFError, SSHException):
            raise HostError(self.host.name, _BROKE_OFF) from None

    @contextmanager
    def _unreached(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError, SSHException) as error:
            raise HostError(self.host.name, self._why_not(error)) from None

    def _why_not(self, error: Exception) -> str:
        address, ssh = self.host.address, self._ssh
        key = f"the key {ssh.key}" if ssh.key else "your keys"
        if isinstance(error, BadHostKeyException):
            return (
                f"{address} has another host key than is known: was it installed anew? If not,"
                " somebody is between you and it"
            )
        if isinstance(error, PasswordRequiredException):
            return f"{key} has a passphrase: give it to ssh-agent by ssh-add"
        if isinstance(error, AuthenticationException):
            return f"{address} does not let {ssh.user} in with {key}"
        if isinstance(error, TimeoutError):
            return f"{address} cannot be reached: no answer"
        if isinstance(error, SSHException) and "not found in known_hosts" in str(error):
            return (
                f"the host key of {address} is not known: look at it, then"
                f" `ssh {ssh.user}@{address}` once"
            )
        if isinstance(error, OSError):
            where = error.filename or f"{address} cannot be reached"
            return f"{where}: {error.strerror or error}"
        return f"ssh to {address} failed: {error or type(error).__name__}"


_BROKE_OFF: Final = "the connection broke off: run it again, and it finishes the work"
