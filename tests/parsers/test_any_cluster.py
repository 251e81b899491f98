"""What holds for every valid cluster, not for the examples alone."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tandem.model import Cluster, read
from tandem.rendering import File
from tandem.rendering.hosts import host_files
from tests.examples import secrets_for
from tests.parsers.clusters import Sections, descriptions
from tests.parsers.conftest import must_run
from tests.parsers.table import BY_NAME, PARSERS
from tests.parsers.trees import SOURCE, Tree, on_the_host, write

# Without shrinking, which takes minutes where each try starts real programs.
repeatable = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)

QUICK = ("drbdadm", "xl", "nft", "password", "html")


def described(sections: Sections) -> Cluster:
    """The cluster of a description, which must be without fault."""
    cluster, faults = read(sections)
    assert [str(fault) for fault in faults] == []
    assert cluster is not None
    return cluster


def files_on(cluster: Cluster, host: str) -> tuple[File, ...]:
    return host_files(cluster, cluster.hosts[host], secrets_for(cluster), SOURCE)


@settings(repeatable, max_examples=15)
@given(descriptions())
def test_the_same_description_gives_the_same_bytes(sections: Sections) -> None:
    first, again = described(sections), described(dict(reversed(sections.items())))
    for host in first.hosts:
        assert files_on(first, host) == files_on(again, host)


@settings(repeatable, max_examples=25)
@given(descriptions(), st.data())
def test_the_files_of_any_cluster_can_be_parsed(
    scratch: Path, sections: Sections, data: st.DataObject
) -> None:
    for name in QUICK:
        must_run(BY_NAME[name])
    cluster = described(sections)
    vms = [host for host in cluster.hosts if host not in cluster.machines]
    drawn = [data.draw(st.sampled_from(vms))] if vms else []
    for host in (*cluster.pair, *drawn):
        assert complaints(cluster, host, scratch, QUICK) == {}


@pytest.mark.root
@settings(repeatable, max_examples=3)
@given(descriptions(), st.data())
def test_the_slower_parsers_find_nothing_either(
    scratch: Path, sections: Sections, data: st.DataObject
) -> None:
    cluster = described(sections)
    host = data.draw(st.sampled_from((cluster.pair[0], *cluster.hosts)))
    slower = [parser.name for parser in PARSERS if parser.name not in QUICK]
    for name in slower:
        must_run(BY_NAME[name])
    assert complaints(cluster, host, scratch, slower) == {}


def complaints(
    cluster: Cluster, host: str, scratch: Path, parsers: Iterable[str]
) -> dict[str, list[str]]:
    """What the parsers find in the files of a host."""
    files = files_on(cluster, host)
    paths = [on_the_host(file) for file in files]
    found = {}
    with TemporaryDirectory() as root:
        write(files, Path(root))
        tree = Tree(cluster, cluster.hosts[host], Path(root), scratch)
        for parser in map(BY_NAME.__getitem__, parsers):
            read = tuple(filter(parser.reads, paths))
            if read and (said := parser.complaints(tree, read)):
                found[parser.name] = said
    return found
