"""What cluster-glue's stonith makes of the plugin."""

import pytest

from tests.examples import FILES, example
from tests.parsers.conftest import Trees, must_run
from tests.parsers.running import on_host
from tests.parsers.table import BY_NAME, Parser

STONITH = Parser("stonith", (), lambda *_: [], ("stonith",), root=True)
FENCED = [
    (name, host) for name in FILES if example(name).fencing != "none" for host in example(name).pair
]

pytestmark = pytest.mark.root


@pytest.mark.parametrize(("name", "host"), FENCED)
def test_stonith_lists_the_plugin(name: str, host: str, tree_of: Trees) -> None:
    must_run(STONITH)
    listed = on_host(tree_of(name, host).root, "stonith -L").stdout
    assert "external/tandem" in listed.splitlines()


@pytest.mark.parametrize(("name", "host"), FENCED)
def test_the_plugin_wants_nothing_but_the_hosts(name: str, host: str, tree_of: Trees) -> None:
    must_run(STONITH)
    asked = on_host(tree_of(name, host).root, "stonith -t external/tandem -n")
    assert (asked.stdout.split(), asked.stderr) == (["hostlist"], "")


@pytest.mark.parametrize(("name", "host"), FENCED)
def test_the_plugin_can_fence_the_other_machine_alone(name: str, host: str, tree_of: Trees) -> None:
    must_run(STONITH)
    cluster = example(name)
    peer = cluster.peer_of(cluster.named_nodes[host])
    assert peer is not None
    script = 'stonith -t external/tandem -p "$1" -l'
    assert on_host(tree_of(name, host).root, script, peer.name).stdout.split() == [peer.name]


@pytest.mark.parametrize("name", FILES)
def test_without_fencing_there_is_no_plugin(name: str, tree_of: Trees) -> None:
    must_run(BY_NAME["heartbeat"])
    plugin = tree_of(name, example(name).pair[0]).root / "usr/lib/stonith/plugins/external/tandem"
    assert plugin.exists() == (example(name).fencing != "none")
