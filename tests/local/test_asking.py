"""Asking programs whether they do their work, with real sockets."""

import socket
from dataclasses import replace

import pytest

from tandem.local.asking import port_is_free, verdict, wait_until
from tandem.local.stack import Program

PROGRAM = Program("zeoserver", "127.0.0.1", 0, "[ports] zeoserver", protocol="ZEO", parts=())


def test_a_zeo_server_that_says_nothing_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        program = replace(PROGRAM, port=frozen.getsockname()[1])
        assert verdict(program) == (False, "silent")


@pytest.mark.parametrize("protocol", ["ZEO", "TCP"])
def test_where_nothing_listens_that_is_said(protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    program = replace(PROGRAM, port=port, protocol=protocol)
    assert verdict(program) == (False, "nothing listens")


def test_a_port_on_which_something_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert not port_is_free("127.0.0.1", listener.getsockname()[1])


def test_waiting_ends_when_the_time_is_up() -> None:
    assert not wait_until(lambda: False, 0.2)
