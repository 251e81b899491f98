"""A machine that is nothing but a kernel's network, as a program of the lab's keeper.

``python host.py TAP,MAC,INTERFACE,ADDRESS/LENGTH …`` joins each tap of the lab to an interface in a
network of its own, as the kernel of a real machine does; without an argument it stays in the lab's
own. It listens to TCP on ports 22 and 80. A line ``WORD ADDRESS`` at its console makes it send the
word there by UDP; it prints ``heard WORD`` for each that comes.
"""

import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

PORT = 4444
TUNSETIFF = 0x400454CA
TAP = 0x1002  # IFF_TAP | IFF_NO_PI
CLONE_NEWNET = 0x40000000
SETUP = """\
link set dev {0} address {1} up
address add {2} dev {0}
"""


def tap(name: str) -> int:
    """The tap of that name, made unless it is there."""
    opened = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(opened, TUNSETIFF, struct.pack("16sH22x", name.encode(), TAP))
    return opened


def main(plugs: list[list[str]]) -> None:
    """Be the machine."""
    outside = [tap(name) for name, *_ in plugs]
    joined = {}
    if plugs:
        ctypes.CDLL(None).unshare(CLONE_NEWNET)
        inside = [tap(interface) for _, _, interface, _ in plugs]
        joined = dict(zip(outside + inside, inside + outside, strict=True))
        setup = "".join(SETUP.format(name, mac, address) for _, mac, name, address in plugs)
        subprocess.run(
            ("ip", "-batch", "-"), input=f"link set lo up\n{setup}", text=True, check=True
        )
    said = socket.socket(type=socket.SOCK_DGRAM)
    said.bind(("", PORT))
    sources = (*joined, said.fileno(), sys.stdin.fileno())
    typed = ""
    # Their connections are accepted by the kernel.
    listening = [socket.create_server(("", port), backlog=1000) for port in (22, 80)]
    print("pid", os.getpid(), flush=True)
    while listening:
        for ready in select.select(sources, [], [])[0]:
            if ready in joined:
                os.write(joined[ready], os.read(ready, 65536))
            elif ready == said.fileno():
                print("heard", said.recv(1000).decode(), flush=True)
            else:
                # A line may come in pieces.
                *lines, typed = (typed + os.read(ready, 65536).decode()).split("\n")
                for line in lines:
                    word, address = line.split()
                    said.sendto(word.encode(), (address, PORT))


if __name__ == "__main__":
    main([argument.split(",") for argument in sys.argv[1:]])
