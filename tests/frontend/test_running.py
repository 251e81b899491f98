import concurrent.futures
import os
import signal
import subprocess
import threading
from collections import Counter

import pytest

from tests.frontend.stack import Frontend, eventually


def test_a_graceful_restart_fails_no_request(frontend: Frontend) -> None:
    over = threading.Event()

    def load() -> Counter[int]:
        seen: Counter[int] = Counter()
        while not over.is_set():
            seen[frontend.get("/x?seconds=0.05").status_code] += 1
        return seen

    with concurrent.futures.ThreadPoolExecutor(10) as visitors:
        counts = [visitors.submit(load) for _ in range(10)]
        before = frontend.error_log.count("resuming normal operations")
        os.kill(frontend.pid, signal.SIGUSR1)
        eventually(
            "it runs again",
            lambda: frontend.error_log.count("resuming normal operations") > before,
        )
        over.set()
        assert set(sum((count.result() for count in counts), Counter())) == {200}


def test_apache_runs_as_the_one_process_that_was_started(frontend: Frontend) -> None:
    assert frontend.processes["run"].pid == frontend.pid


def test_a_number_that_a_power_cut_left_and_another_process_has_now_is_no_apache(
    frontend: Frontend,
) -> None:
    frontend.processes["run"].kill()
    frontend.processes["run"].wait(10)
    (frontend.folder / "var" / "httpd.pid").write_text(f"{os.getpid()}\n")
    before = frontend.error_log.count("resuming normal operations")
    frontend.start("run")
    eventually("it runs", lambda: frontend.error_log.count("resuming normal operations") > before)
    assert frontend.processes["run"].pid == frontend.pid
    frontend.all_well()


def test_one_may_look_up_who_answered_and_how_long_it_took(frontend: Frontend) -> None:
    client = frontend.get("/looked-up?seconds=0.1").headers["X-Client"]
    eventually("it is logged", lambda: "/looked-up" in frontend.access_log, seconds=3)
    line = next(line for line in frontend.access_log.splitlines() if "/looked-up" in line)
    words = dict(word.split("=", 1) for word in line.split() if "=" in word[1:])
    assert line.startswith("127.0.0.1 ")
    assert words["client"] == client
    assert int(words["us"]) >= 100_000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start workers as somebody else")
def test_workers_of_root_are_not_root(frontend: Frontend) -> None:
    children = owners_of_workers(frontend.pid)
    assert children
    assert set(children) == {"www-data"}


def owners_of_workers(parent: int) -> list[str]:
    listed = subprocess.run(
        ["ps", "--ppid", str(parent), "-o", "user=,comm="],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split() for line in listed.stdout.splitlines())
    return [user for user, command in lines if command == "apache2"]
