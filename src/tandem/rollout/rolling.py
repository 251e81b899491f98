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
import subprocess, sys, time, urllib.request
url, unit, within = sys.argv[1], sys.argv[2], float(sys.argv[3])
asked = ("systemctl", "show", "--value", "--property=NRestarts", unit)
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
    if int(subprocess.run(asked, stdout=subprocess.PIPE, check=True).stdout) > 1:
        sys.exit("it ends again and again")
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
            f"python3 -c '{_ASKING}' {self.url} {self.unit} {READY_WITHIN} ||"
            f" {{ journalctl _SYSTEMD_UNIT={self.unit} --lines 1 --output cat >&2; exit 1; }}\n"
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


def listening_on(cluster: Cluster, host: Host) -> Iterator[tuple[str, str]]:
    """The other units of a host that run Tandem's own programs, and what waits for each."""
    if "zeoserver" in host.roles:
        yield "tandem-zeoserver.service", _LISTENS.format(cluster.ports.zeoserver)
    if "frontend" in host.roles:
        yield "tandem-waitingroom.service", _LISTENS.format(cluster.ports.waitingroom)


_LISTENS: Final = """\
tries=300
until ss -Hltn 'sport = :{0}' | grep -q .; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || {{ echo "nothing listens on port {0} after 60 s" >&2; exit 1; }}
    sleep 0.2
done"""


def url_of(client: Client) -> str:
    """Where a client says whether it is ready."""
    return f"http://{client.address}:{client.port}{READY_PATH}"
