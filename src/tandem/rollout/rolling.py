"""Starting Plone clients anew in turn, so that visitors do not notice.

A client that is told to end leaves the balancer first and finishes its work
(tandem.zeoclient.draining). The next one's turn comes when it is ready and the balancer has seen
that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tandem.model import READY_PATH, Client, Cluster, Host

READY_WITHIN: Final = 180
"""How long a client may take until it is ready, in seconds."""

_ASKING: Final = """\
import sys, time, urllib.request
url, within = sys.argv[1], float(sys.argv[2])
said, until = "no answer", time.monotonic() + within
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while time.monotonic() < until:
    try:
        opener.open(url, timeout=2).close()
        sys.exit()
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace").strip()
    except OSError as error:
        said = str(error)
    time.sleep(0.2)
sys.exit(f"not ready after {within:.0f} s: {said}")
"""


@dataclass(frozen=True)
class Turn:
    """A client that can be started anew."""

    unit: str
    url: str
    settles: float
    """After how many seconds the balancer has seen that it is ready."""

    @property
    def says(self) -> str:
        """What is done, as a clause."""
        return f"start {self.unit} anew, out of the balancer until it is ready"

    @property
    def does(self) -> str:
        """The POSIX shell that does it; it fails, and says why, when the client is not ready."""
        return f"systemctl restart {self.unit}\n{self.awaited}"

    @property
    def awaited(self) -> str:
        """The POSIX shell that waits until the client is ready."""
        return (
            f"python3 -c '{_ASKING}' {self.url} {READY_WITHIN} ||"
            f" {{ journalctl --unit {self.unit} --lines 1 --output cat >&2; exit 1; }}\n"
            f"sleep {self.settles:g}"
        )


def noticed(host: str, unit: str, clients: Mapping[str, Mapping[str, str]]) -> str:
    """What visitors notice while a client is away; ``clients`` is what each says, by its host.

    Nothing, where another client is ready.
    """
    others = (
        said == "ready"
        for where, units in clients.items()
        for one, said in units.items()
        if (where, one) != (host, unit)
    )
    return "" if any(others) else "requests wait until the client is ready, as no other is"


def turns_on(cluster: Cluster, host: Host) -> Iterator[Turn]:
    """The Plone clients of a host, in their order."""
    for client in cluster.clients_on(host.name):
        yield Turn(
            unit=f"tandem-{client.name}.service",
            url=url_of(client),
            # mod_proxy_hcheck asks a worker that is out once in this time, and takes one answer.
            settles=2 * cluster.frontend.check_interval + 1,
        )


def url_of(client: Client) -> str:
    """Where a client says whether it is ready."""
    return f"http://{client.address}:{client.port}{READY_PATH}"
