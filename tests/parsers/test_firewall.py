"""The rules in a kernel, in a network of their own."""

import json

import pytest

from tests.parsers.conftest import Trees, must_run
from tests.parsers.running import alone_in_the_network, run
from tests.parsers.table import BY_NAME
from tests.parsers.trees import all_hosts

TWICE = """
nft add table inet others && nft --file "$1" || exit
once=$(nft list ruleset) && nft --file "$1" || exit
[ "$once" = "$(nft list ruleset)" ] || { echo "the second time adds to the first" >&2; exit 1; }
nft --json list ruleset
"""


@pytest.mark.parametrize(("name", "host"), tuple(all_hosts()))
def test_the_rules_load_any_number_of_times_and_leave_others_alone(
    name: str, host: str, tree_of: Trees
) -> None:
    must_run(BY_NAME["nft"])
    rules = tree_of(name, host).root / "etc/nftables.conf"
    loaded = run(alone_in_the_network(["sh", "-c", TWICE, "sh", rules]))
    assert loaded.returncode == 0, loaded.stderr
    found = json.loads(loaded.stdout)["nftables"]
    tables = [part["table"]["name"] for part in found if "table" in part]
    assert sorted(tables) == ["others", "tandem"]
    (chain,) = [part["chain"] for part in found if "chain" in part]
    assert (chain["hook"], chain["policy"]) == ("input", "drop")
