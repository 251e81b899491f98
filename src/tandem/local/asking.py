"""Asking a program on this computer whether it does its work: never its supervisor's word."""

import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from time import monotonic, sleep

from tandem.local.stack import Program
from tandem.model import READY_PATH


def get(address: str, port: int, path: str, timeout: float = 2) -> tuple[int, str]:
    """The status and first line of what a GET returns; the status is 0 where nothing answers."""
    connection = HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"User-Agent": "tandem"})
        answer = connection.getresponse()
        text = answer.read(2000).decode("utf-8", "replace").strip()
        return answer.status, text.splitlines()[0] if text else ""
    except TimeoutError:
        return 0, f"no answer within {timeout:g} s"
    except ConnectionRefusedError:
        return 0, "nothing listens"
    except (OSError, HTTPException) as error:
        return 0, str(error) or type(error).__name__
    finally:
        connection.close()


def verdict(program: Program) -> tuple[bool, str]:
    """Whether the program does its work now, and how that shows."""
    if program.protocol != "HTTP":
        try:
            with socket.create_connection((program.address, program.port), timeout=2) as opened:
                # A ZEO server speaks first; of a frozen one only the kernel still accepts.
                if program.protocol == "ZEO" and not opened.recv(1):
                    return False, "hangs up"
        except TimeoutError:
            return False, "silent"
        except OSError:
            return False, "nothing listens"
        return True, "listens"
    status, text = get(program.address, program.port, program.ready_path, timeout=5)
    says_why = program.ready_path == READY_PATH and status in (200, 503)
    return status == 200, text if says_why or not status else f"HTTP {status}"


def port_is_free(address: str, port: int) -> bool:
    """Whether a program could listen there."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
            listener.listen(1)
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    """Wait until the condition holds, or until the seconds are over; say which."""
    deadline = monotonic() + seconds
    while not condition():
        if monotonic() > deadline:
            return False
        sleep(every)
    return True
