"""What drbdadm would do with the volumes."""

import pytest

from tests.examples import FILES, example
from tests.parsers.conftest import Trees, must_run
from tests.parsers.drbd import drbdadm
from tests.parsers.table import BY_NAME

DRBD = BY_NAME["drbdadm"]
PAIRS = [(name, host) for name in FILES for host in example(name).pair]


def up(tree_of: Trees, name: str, host: str, volume: str) -> str:
    """The commands that make a volume ready on a host."""
    must_run(DRBD)
    done = drbdadm(tree_of(name, host), "--dry-run", "up", volume)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("name", "host"), PAIRS)
def test_the_safe_options_arrive_at_the_kernel(name: str, host: str, tree_of: Trees) -> None:
    fencing = "resource-only" if example(name).fencing == "none" else "resource-and-stonith"
    wanted = {
        "--protocol=C",
        f"--fencing={fencing}",
        "--on-io-error=detach",
        "--after-sb-0pri=disconnect",
        "--after-sb-1pri=disconnect",
        "--after-sb-2pri=disconnect",
        "--rr-conflict=disconnect",
        "--cram-hmac-alg=sha256",
        "--shared-secret=the-drbd-secret",
    }
    for volume in example(name).volumes:
        assert wanted - set(up(tree_of, name, host, volume.name).split()) == set()


@pytest.mark.parametrize(("name", "host"), PAIRS)
def test_the_times_arrive_in_the_kernels_units(name: str, host: str, tree_of: Trees) -> None:
    drbd = example(name).drbd
    wanted = {
        f"--timeout={drbd.timeout * 10:.0f}",
        f"--connect-int={drbd.connect_int}",
        f"--ping-int={drbd.ping_int}",
        f"--ping-timeout={drbd.ping_timeout * 10:.0f}",
        f"--c-max-rate={drbd.c_max_rate}M",
    }
    for volume in example(name).volumes:
        assert wanted - set(up(tree_of, name, host, volume.name).split()) == set()


@pytest.mark.parametrize(("name", "host"), PAIRS)
def test_a_volume_connects_this_side_to_the_other(name: str, host: str, tree_of: Trees) -> None:
    cluster = example(name)
    here = cluster.named_nodes[host]
    there = cluster.peer_of(here)
    assert there is not None
    for volume in cluster.volumes:
        ends = [f"ipv4:{node.replication_address}:{volume.port}" for node in (here, there)]
        assert " ".join(ends) in up(tree_of, name, host, volume.name)


@pytest.mark.parametrize(("name", "host"), PAIRS)
def test_a_volume_lies_on_its_own_disk(name: str, host: str, tree_of: Trees) -> None:
    cluster = example(name)
    for volume in cluster.volumes:
        disk = volume.disk_on(cluster.named_nodes[host])
        attached = f"attach {volume.minor} {disk} {disk} internal"
        assert attached in up(tree_of, name, host, volume.name)


@pytest.mark.parametrize("name", FILES)
def test_the_handler_that_drbd_calls_is_there_and_executable(name: str, tree_of: Trees) -> None:
    must_run(DRBD)
    tree = tree_of(name, example(name).pair[0])
    dumped = drbdadm(tree, "dump").stdout
    handler = next(line.split()[1] for line in dumped.splitlines() if "fence-peer" in line)
    assert (tree.root / handler.strip('";').lstrip("/")).stat().st_mode & 0o111 == 0o111
