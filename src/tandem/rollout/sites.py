"""Zope's admin and the Plone sites of the description, made where they are missing."""

from tandem.errors import TandemError
from tandem.model import CURRENT, Host
from tandem.rollout.remote import Remote
from tandem.rollout.survey import Survey

_MAKING = """\
set -eu
umask 077
file=$(mktemp /run/tandem-admin.XXXXXX)
trap 'rm -f "$file"' EXIT
cat >"$file"
chown tandem "$file"
cd /
runuser -u tandem -- {current}/bin/{client} run {current}/src/tandem/plone/sites.py \\
    "$file" {freshness} {paths}
"""


def make_sites(seen: Survey, password: str) -> tuple[str, ...]:
    """Make them on the first host with a client that is ready; their paths. Raises TandemError."""
    cluster = seen.cluster
    host, client = _ready(seen)
    script = _MAKING.format(
        current=CURRENT,
        client=client,
        freshness=cluster.freshness,
        paths=" ".join(cluster.site_paths),
    )
    with Remote(host, cluster.ssh) as remote:
        remote.run(script, password.encode())
    return cluster.site_paths


def _ready(seen: Survey) -> tuple[Host, str]:
    for name, units in seen.clients.items():
        for unit, said in units.items():
            if said == "ready":
                return seen.cluster.hosts[name], unit.removeprefix("tandem-").split(".")[0]
    raise TandemError("no Plone client is ready: fab status says what is wrong")
