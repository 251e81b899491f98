"""The whole stack: real Apache, ZEO and Plone, as ``make run`` starts them."""

import os
import re
import signal
import stat
import subprocess
from time import monotonic, sleep

import httpx
import psutil
import pytest

from tandem.rendering.hosts import host_files
from tests.asking import get
from tests.e2e.running import Running
from tests.examples import example, secrets_for


def test_the_front_page_answers_through_apache(stack: Running) -> None:
    page = get(stack.url, timeout=30)
    assert page.status_code == 200
    assert "Plone" in page.text


def test_a_page_added_through_apache_is_seen_on_every_client(stack: Running) -> None:
    with stack.editor() as browser:
        form = browser.get("/++add++Document")
        token = form.text.split('name="_authenticator"')[1].split('value="')[1].split('"')[0]
        added = browser.post(
            "/++add++Document",
            data={
                "form.widgets.IDublinCore.title": "Seen everywhere",
                "_authenticator": token,
                "form.buttons.save": "Save",
            },
        )
        assert added.status_code == 200
        assert "Seen everywhere" in added.text
        path = httpx.URL(str(added.url)).path.removesuffix("/view")
    for client in stack.clients:
        page = get(f"{client}/Plone{path}", auth=("admin", stack.password), timeout=30)
        assert "Seen everywhere" in page.text


def test_links_lead_back_through_apache(stack: Running) -> None:
    page = get(stack.url, timeout=30).text
    assert f'href="{stack.url}' in page
    assert not any(client in page for client in stack.clients)


def test_a_machine_that_watches_apache_and_zeo_hears_from_both(stack: Running) -> None:
    cluster = example("containers")
    files = host_files(cluster, cluster.hosts["left"], secrets_for(cluster), "cluster.cfg")
    watch = next(file.text for file in files if file.path.name == "watch")
    asks = re.search(r"^watch frontend .* ('.*') &$", watch, re.MULTILINE)
    assert asks
    function = watch[watch.index("answers() {") : watch.index("# 0: writing")]
    for program, told in (("frontend", asks[1]), ("zeoserver", "''")):
        command = f"answer=10\n{function}\nanswers 127.0.0.1 {stack.ports[program]} {told}"
        assert subprocess.run(("sh", "-c", command), check=False).returncode == 0, program


def test_running_it_again_changes_nothing(stack: Running) -> None:
    before = {name: row["pid"] for name, row in stack.status().items()}
    again = stack.local("run")
    assert again.returncode == 0, again.stderr
    assert {name: row["pid"] for name, row in stack.status().items()} == before


def test_the_password_is_for_its_owner_alone(stack: Running) -> None:
    file = stack.directory / "var" / "secrets" / "admin"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_password_is_in_no_other_file(stack: Running) -> None:
    secret = stack.password.encode()
    for folder in ("parts", "bin", "var/log"):
        for file in (stack.directory / folder).rglob("*"):
            if file.is_file():
                assert secret not in file.read_bytes(), file
    assert secret not in (stack.directory / ".installed.cfg").read_bytes()


@pytest.mark.parametrize("program", ["zeoserver", "zeoclient2", "frontend"])
def test_what_dies_is_started_again(stack: Running, program: str) -> None:
    old = stack.rows()[program].pid
    for child in psutil.Process(old).children(recursive=True):
        child.kill()
    os.kill(old, signal.SIGKILL)
    await_another(stack, program, old)


def await_another(stack: Running, program: str, old: int) -> None:
    """Wait until a program runs anew, and all are ready; supervisord may not know yet it died."""
    deadline = monotonic() + 60
    while True:
        rows = stack.rows()
        if rows[program].pid not in (0, old) and all(row.ready for row in rows.values()):
            return
        assert monotonic() < deadline, rows
        sleep(0.5)


def test_an_anonymous_page_comes_from_the_cache(stack: Running) -> None:
    get(stack.url, timeout=30)
    assert get(stack.url, timeout=30).headers["x-cache"].startswith("HIT")


def test_a_logged_in_page_is_never_from_the_cache_nor_kept_for_others(stack: Running) -> None:
    with stack.editor() as browser:
        for _ in range(2):
            page = browser.get("/")
            assert not page.headers.get("x-cache", "").startswith("HIT")
            assert "admin" in page.text
    assert "plone-toolbar" not in get(stack.url, timeout=30).text


def test_a_taken_port_is_one_line_that_says_how_to_choose_another(
    stack: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Running(tmp_path_factory.mktemp("other"), stack.ports)
    other.config.write_text(stack.config.read_text())
    (other.directory / "parts").symlink_to(stack.directory / "parts")
    refused = other.local("run")
    assert refused.returncode == 1
    lines = refused.stderr.splitlines()
    assert len(lines) == 5
    assert f"127.0.0.1:{stack.ports['zeoserver']}, for zeoserver, is taken by" in lines[0]
    assert lines[0].endswith("or set another port: zeoserver in [ports] of cluster.cfg")


def test_a_changed_option_is_applied_to_what_runs_and_to_nothing_else(stack: Running) -> None:
    before = {name: row.pid for name, row in stack.rows().items()}
    as_described = stack.config.read_text()
    try:
        stack.config.write_text(as_described + "[frontend-vm]\nhold = 17\n")
        stack.build()
        assert stack.local("run").returncode == 0
        rows = stack.rows()
        held = psutil.Process(rows["waitingroom"].pid).cmdline()
        assert held[held.index("--hold") + 1] == "17.0"
        unchanged = ("zeoserver", "zeoclient1", "zeoclient2")
        assert {name: rows[name].pid for name in unchanged} == {
            name: before[name] for name in unchanged
        }
    finally:
        stack.config.write_text(as_described)
        stack.build("frontend", "supervisor")
        stack.local("run")


def test_an_apache_that_was_killed_alone_comes_back_in_spite_of_its_workers(
    stack: Running,
) -> None:
    old = stack.rows()["frontend"].pid
    os.kill(old, signal.SIGKILL)
    await_another(stack, "frontend", old)


def test_a_stack_that_lost_its_supervisord_can_be_stopped_and_run_again(stack: Running) -> None:
    supervisord = int((stack.directory / "var" / "supervisord.pid").read_text())
    pids = [row.pid for row in stack.rows().values()]
    os.kill(supervisord, signal.SIGKILL)
    stopped = stack.local("stop")
    assert stopped.stdout.strip() == "stopped"
    assert not any(psutil.pid_exists(pid) for pid in pids)
    started = stack.local("run")
    assert started.returncode == 0, started.stdout + started.stderr
