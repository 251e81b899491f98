"""The probe against real storages that are local: no server, no Zope."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from tandem.zeoclient.probe import BOUND, INTERVAL, Probe, Storage, judge
from tests.zeoclient.processes import until

Start = Callable[[Mapping[str, DB]], Probe]


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[dict[str, DB]]:
    opened = {name: DB(FileStorage(str(tmp_path / name))) for name in ("main", "mounted")}
    yield opened
    for database in opened.values():
        database.close()


@pytest.fixture
def probe_of() -> Iterator[Start]:
    """Starts a probe of databases."""
    with ExitStack() as stack:

        def start(databases: Mapping[str, DB]) -> Probe:
            def storages() -> Mapping[str, Storage]:
                return {name: database.storage for name, database in databases.items()}

            probe = Probe(storages)
            probe.start()
            stack.callback(probe.stop)
            return probe

        yield start


def is_ready(probe: Probe) -> bool:
    return probe.verdict().ready


def is_not_ready(probe: Probe) -> bool:
    return not probe.verdict().ready


def test_a_client_is_starting_before_the_first_answer() -> None:
    verdict = judge(now=100.0, answered=None, asking="", bound=1.0)
    assert (verdict.ready, verdict.reason.partition(":")[0]) == (False, "starting")


def test_an_answer_counts_until_the_bound() -> None:
    assert judge(now=101.0, answered=100.0, asking="main", bound=1.0).ready


def test_an_old_answer_does_not_count_and_the_reason_says_whose_it_was() -> None:
    verdict = judge(now=101.4, answered=100.0, asking="main", bound=1.0)
    assert not verdict.ready
    assert verdict.reason == "database main has not answered for 1.4 s"


def test_with_the_balancer_s_half_second_all_is_noticed_within_2_s() -> None:
    assert INTERVAL + BOUND + 0.5 < 2


def test_without_a_database_the_client_is_starting(probe_of: Start) -> None:
    databases: dict[str, DB] = {}
    assert probe_of(databases).verdict().reason.startswith("starting")


def test_a_database_that_is_opened_later_is_asked(
    probe_of: Start, databases: dict[str, DB]
) -> None:
    late: dict[str, DB] = {}
    probe = probe_of(late)
    assert not is_ready(probe)
    late.update(databases)
    until(lambda: is_ready(probe), 1, "ready with databases")


def test_a_local_storage_is_ready_while_it_is_open(
    probe_of: Start, databases: dict[str, DB]
) -> None:
    probe = probe_of({"main": databases["main"]})
    until(lambda: is_ready(probe), 1, "ready while open")
    databases["main"].storage.close()
    until(lambda: is_not_ready(probe), 1.5, "not ready once closed")


def test_one_bad_database_of_several_is_enough_and_is_named(
    probe_of: Start, databases: dict[str, DB]
) -> None:
    probe = probe_of(databases)
    until(lambda: is_ready(probe), 1, "ready with both")
    databases["mounted"].storage.close()
    until(lambda: is_not_ready(probe), 1.5, "not ready with one")
    assert probe.verdict().reason.startswith("database mounted ")


def test_the_probe_goes_on_after_a_fault(probe_of: Start, databases: dict[str, DB]) -> None:
    asked = dict(databases)
    probe = probe_of(asked)
    until(lambda: is_ready(probe), 1, "ready with both")
    mounted = asked["mounted"]
    mounted.storage.close()
    until(lambda: is_not_ready(probe), 1.5, "not ready with a closed one")
    del asked["mounted"]
    until(lambda: is_ready(probe), 1, "ready without it")


def test_a_forked_child_that_has_no_probe_becomes_not_ready(
    probe_of: Start, databases: dict[str, DB]
) -> None:
    probe = probe_of(databases)
    until(lambda: is_ready(probe), 1, "ready before the fork")
    child = os.fork()
    if child == 0:
        try:
            until(lambda: is_not_ready(probe), 1.5, "not ready in the child")
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_stopped_probe_asks_no_more(probe_of: Start, databases: dict[str, DB]) -> None:
    probe = probe_of(databases)
    until(lambda: is_ready(probe), 1, "ready")
    probe.stop()
    until(lambda: is_not_ready(probe), 1.5, "not ready")
