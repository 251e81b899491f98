import logging
from pathlib import Path

import pytest

from tandem.zeoserver.oids import (
    CLOCK_START,
    LAST_OID,
    OIDS_PER_OPEN,
    OidsExhaustedError,
    keep_skip,
    read_skip,
    skip,
)

THEN = CLOCK_START + 1000.0


@pytest.mark.parametrize(
    ("stored", "last", "now"),
    [(2**50, 0, THEN), (0, 2**50, THEN), (0, 0, THEN), (7, 5, CLOCK_START - 1e9)],
    ids=["stored", "last skip", "clock", "clock before 2026"],
)
def test_a_skip_goes_beyond_all_that_can_have_been_handed_out(
    stored: int, last: int, now: float
) -> None:
    assert skip(stored, last, now) >= max(stored, last) + OIDS_PER_OPEN


def test_without_the_kept_skip_the_clock_still_moves_on() -> None:
    handed_out_before = skip(0, 0, THEN) + OIDS_PER_OPEN - 1
    assert skip(0, 0, THEN + 1) > handed_out_before


def test_a_clock_that_was_set_back_does_no_harm_while_the_skip_is_kept() -> None:
    last = skip(0, 0, THEN)
    assert skip(0, last, THEN - 500) == last + OIDS_PER_OPEN


def test_a_clock_gone_mad_leaves_half_of_the_oids() -> None:
    assert skip(0, 0, now=1e12) <= 2**63 + OIDS_PER_OPEN


def test_there_is_an_error_before_the_oids_run_out() -> None:
    assert skip(LAST_OID - 2 * OIDS_PER_OPEN, 0, THEN) <= LAST_OID - OIDS_PER_OPEN
    with pytest.raises(OidsExhaustedError, match="no oids are left"):
        skip(LAST_OID - OIDS_PER_OPEN, 0, THEN)


def test_a_kept_skip_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "Data.fs.oids"
    keep_skip(path, 2**40 + 1)
    assert read_skip(path) == 2**40 + 1


@pytest.mark.parametrize("content", [b"", b"0000000", b"\xff" * 17, b"0" * 17, b"12\n"])
def test_a_damaged_file_is_said_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    path = tmp_path / "Data.fs.oids"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_skip(path) == 0
    assert caplog.messages == [f"{path} is damaged: skipping oids by the clock alone"]
