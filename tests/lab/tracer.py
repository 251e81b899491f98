"""Gives a process's registers back from a buffer that is too small for them, as UML does."""

import ctypes
import os
import signal
from typing import Final

TRACEME, GETREGSET, SETREGSET = 0, 0x4204, 0x4205
XSTATE: Final = 0x202
LEGACY_AND_HEADER: Final = 576
"""The first two parts of what XSAVE writes, in bytes (Intel's manual, volume 1, 13.4)."""


class Vector(ctypes.Structure):
    """The C library's ``struct iovec``."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
ptrace.restype = ctypes.c_long


def regset(request: int, process: int, registers: bytes) -> bytes:
    """Get them, or set them; raises OSError."""
    buffer = ctypes.create_string_buffer(registers, len(registers))
    vector = Vector(ctypes.addressof(buffer), len(registers))
    if ptrace(request, process, XSTATE, ctypes.byref(vector)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return buffer.raw[: vector.length]


def main() -> None:
    """Say what came of it."""
    process = os.fork()
    if not process:
        ptrace(TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
    os.waitpid(process, 0)
    given = regset(GETREGSET, process, bytes(LEGACY_AND_HEADER))
    try:
        regset(SETREGSET, process, given)
    except OSError as error:
        print("not taken:", error.strerror)
    else:
        taken = regset(GETREGSET, process, bytes(1 << 16))
        kept = taken.startswith(given[:512])
        print("taken as given, then zeros" if kept and not any(taken[576:]) else "changed")
    os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
