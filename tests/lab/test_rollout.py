"""Looking at a cluster that runs, and rolling out to it: fab as the operator runs it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from time import monotonic

import pytest

from tandem.errors import TandemError
from tandem.lab.lab import Lab
from tandem.rendering import CHECKOUT
from tandem.rollout.plan import START_HEARTBEAT
from tests.lab.operating import FAB, fab, said
from tests.lab.running import active, all_well, eventually, standby
from tests.lab.visitors import half_load, visitors

pytestmark = pytest.mark.lab


def changed(lab: Lab, tmp_path: Path, old: str, new: str) -> Path:
    """The lab's description with something else in it, under the same name."""
    text = (lab.folder / "cluster.cfg").read_text()
    assert old in text
    file = tmp_path / "cluster.cfg"
    file.write_text(text.replace(old, new))
    return file


@pytest.fixture
def well(lab: Lab) -> Lab:
    """The cluster, all well, and a test leaves it so."""
    all_well(lab)
    return lab


@pytest.fixture
def mended(well: Lab) -> Iterator[Lab]:
    """The cluster, all well; what a test has rolled out is taken back after it.

    Of a file that was changed twice Heartbeat has to see the second change, too.
    """
    yield well
    done = fab(well, "deploy", "--yes")
    assert done.returncode == 0, said(done)


RUNNING = (
    "systemctl list-units --plain --no-legend --state=running 'tandem-*.service' heartbeat.service"
    " | cut -d ' ' -f 1 | xargs systemctl show --property=Id,InvocationID"
)


@contextmanager
def invocations(lab: Lab) -> Iterator[dict[str, str]]:
    """Which services and VMs run on each host, and which of their starts that is.

    The hosts are asked during the block; what they say is there after it.
    """
    asked = {host: lab.start(host, RUNNING) for host in lab.cluster.hosts}
    printed: dict[str, str] = {}
    try:
        yield printed
    finally:
        printed |= {host: lab.ended(host, asked[host], RUNNING) for host in asked}


def test_a_cluster_as_described_needs_nothing_and_is_well(well: Lab) -> None:
    with invocations(well) as before:
        # The first page of a client that has just started may take longer than a visitor waits.
        eventually(lambda: fab(well, "status").returncode == 0, 90)
    assert all("InvocationID=" in printed for printed in before.values()), before
    deployed = fab(well, "deploy")
    assert deployed.returncode == 0, said(deployed)
    assert "nothing to do" in deployed.stdout
    with invocations(well) as after:
        seen = json.loads(fab(well, "status", "--json").stdout)
    assert after == before
    assert seen["well"]
    assert [name for name, one in seen["machines"].items() if one["active"]] == [active(well)]
    assert seen["sites"]["www.example.org"]["status"] == 200


def test_heartbeats_key_is_not_changed_while_it_runs(well: Lab, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("another-key-for-heartbeat")
    text = (well.folder / "cluster.cfg").read_text()
    key = next(line for line in text.splitlines() if line.startswith("heartbeat = /"))
    file = changed(well, tmp_path, key, f"heartbeat = {tmp_path}/key")
    before = well.run("master", "cat /etc/ha.d/authkeys")
    for command in ("plan", "deploy"):
        done = fab(well, command, file=file)
        assert done.returncode == 1, said(done)
        assert "/etc/ha.d/authkeys would change, and not while Heartbeat runs" in said(done)
        assert "another-key" not in said(done)
    assert well.run("master", "cat /etc/ha.d/authkeys") == before


def test_a_heartbeat_that_does_not_understand_its_peer_is_stopped_before_it_fences(
    mended: Lab,
) -> None:
    other = standby(mended)
    mended.run(other, "systemctl stop heartbeat; cp -p /etc/ha.d/authkeys /root/key")
    mended.run(other, "sed -i 's/sha1 .*/sha1 wrong/' /etc/ha.d/authkeys")
    try:
        with pytest.raises(TandemError, match="does not hear its peer, and is stopped again"):
            mended.run(other, START_HEARTBEAT.does, 55)
        assert mended.run(other, "systemctl is-active heartbeat; true").strip() == "failed"
        assert set(mended.states().values()) == {"on"}
    finally:
        mended.run(other, "mv /root/key /etc/ha.d/authkeys")


def test_what_was_changed_by_hand_is_seen_and_mended(well: Lab) -> None:
    other = standby(well)
    well.run(other, "echo '# by hand' >>/etc/hosts; chmod 644 /etc/ha.d/authkeys")
    well.run(other, "echo '# Made by Tandem from old.cfg' >/etc/ha.d/resource.d/tandem-old")
    planned = fab(well, f"plan:{other}")
    assert planned.returncode == 2
    assert "-# by hand" in planned.stdout
    assert "give /etc/ha.d/authkeys the mode 0600, not 0644" in planned.stdout
    assert "remove /etc/ha.d/resource.d/tandem-old, which is no longer described" in planned.stdout
    looked = fab(well, "status")
    assert looked.returncode == 1
    assert f"{other}: 3 steps away from the description (write /etc/hosts; give " in said(looked)
    done = fab(well, f"deploy:{other}")
    assert done.returncode == 0, said(done)
    assert fab(well, "plan").returncode == 0


def test_apache_takes_a_changed_configuration_and_goes_on(mended: Lab, tmp_path: Path) -> None:
    file = changed(mended, tmp_path, "[frontend-vm]\n", "[frontend-vm]\ntimeout = 77\n")
    asked = "systemctl show --value --property=MainPID tandem-frontend"
    before = mended.run("frontend", asked)
    done = fab(mended, "deploy", file=file)
    assert done.returncode == 0, said(done)
    assert fab(mended, "plan", file=file).returncode == 0
    assert mended.run("frontend", asked) == before
    all_well(mended)


def test_what_visitors_would_notice_is_not_done_without_a_yes(mended: Lab) -> None:
    mended.run("zeoserver", "echo '# by hand' >>/etc/systemd/system/tandem-zeoserver.service")
    done = fab(mended, "deploy")
    assert done.returncode == 1
    assert "requests wait, up to 3 s" in said(done)
    assert "--yes" in done.stderr
    assert fab(mended, "plan").returncode == 2


def test_a_machine_that_does_not_answer_hides_no_other(well: Lab, tmp_path: Path) -> None:
    ssh = f"known-hosts = {tmp_path}/known"
    text = (well.folder / "cluster.cfg").read_text()
    known = next(line for line in text.splitlines() if line.startswith("known-hosts"))
    lines = Path(known.split(" = ")[1]).read_text().splitlines()
    slave = well.cluster.hosts["slave"].address
    (tmp_path / "known").write_text("\n".join(one for one in lines if not one.startswith(slave)))
    planned = fab(well, "plan", file=changed(well, tmp_path, known, ssh))
    assert planned.returncode == 1
    assert f"slave: the host key of {slave} is not known" in planned.stdout
    assert "nothing to do" in planned.stdout


@pytest.mark.soak
def test_nobody_notices_that_all_clients_are_started_anew(
    well: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clients(well)
    with visitors(well, half_load(well)) as visits:
        done = fab(well, "restart")
    with capsys.disabled():
        print(f"\n{said(done)}\n{visits.report()}")
    assert done.returncode == 0, said(done)
    assert not set(before) & set(clients(well))
    assert visits.failed == []
    assert len(visits.answers) >= 2000


def clients(lab: Lab) -> list[str]:
    """The processes of the Plone clients, by their VMs."""
    return [
        f"{client.host} "
        + lab.run(client.host, f"systemctl show --value --property=MainPID tandem-{client.name}")
        for client in lab.cluster.clients
    ]


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_deploy_that_is_killed_at_any_moment_is_finished_by_the_next(well: Lab) -> None:
    def change() -> None:
        for machine in well.cluster.pair:
            well.run(machine, "echo '# by hand' >>/etc/hosts; rm -f /etc/drbd.conf")

    change()
    start = monotonic()
    done = fab(well, "deploy")
    assert done.returncode == 0, said(done)
    whole = monotonic() - start

    moments: list[float] = []
    while len(moments) < 10:
        change()
        command = well.namespace.entering((FAB, "deploy", f"--cluster={well.folder}/cluster.cfg"))
        with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL) as deploying:
            moment = SystemRandom().uniform(0, whole)
            with suppress(subprocess.TimeoutExpired):
                deploying.wait(moment)
            if deploying.poll() is None:
                moments.append(moment)
            deploying.kill()
    shown = ", ".join(f"{moment:.1f}" for moment in sorted(moments))
    print(f"a whole deploy: {whole:.1f} s; killed after {shown} s")
    done = fab(well, "deploy")
    assert done.returncode == 0, said(done)
    assert fab(well, "plan").returncode == 0
    for machine in well.cluster.pair:
        assert well.run(machine, "ls -A /var/lib/tandem").strip() == ""
