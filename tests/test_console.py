"""How commands ask and how they show what they are at, at a terminal and where there is none."""

import re
import sys
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from tandem import console
from tandem.console import agreed, working_on
from tandem.errors import TandemError

WAIT = "Visitors notice: requests wait, up to 3 s. Do it?"


class Keyboard(StringIO):
    """What an operator types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["y\n", "Y\n", " yes \n"])
def test_a_yes_is_one(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    assert agreed(WAIT)


@pytest.mark.parametrize("typed", ["n\n", "\n", "yesterday\n"])
def test_whatever_else_is_said_is_a_no(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    assert not agreed(WAIT)


def test_so_is_the_end_of_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(""))
    assert not agreed(WAIT)


def test_the_question_is_shown_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("y\n"))
    agreed("Move [bold] VMs?")
    assert capsys.readouterr().out == "Move [bold] VMs? [y/N] "


def test_where_nobody_can_be_asked_the_option_that_says_yes_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("y\n"))
    with pytest.raises(TandemError) as refused:
        agreed(WAIT)
    assert refused.value.report() == f"{WAIT} Nobody is there to say so: --yes does"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What is shown of work on hosts of which some lines are told, but for how it moves there."""

    def shown(*told: tuple[str, str], terminal: bool) -> str:
        written = StringIO()
        monkeypatch.setenv("TERM", "xterm")
        there = Console(file=written, width=80, force_terminal=terminal, color_system=None)
        monkeypatch.setattr(console, "CONSOLE", there)
        with working_on(dict.fromkeys(name for name, _ in told)) as tell:
            for name, line in told:
                tell(name, line)
        return re.sub(r"\x1b\[[?\d]*[A-Za-z]", "", written.getvalue())

    return shown


def test_at_a_terminal_each_host_has_a_line_with_what_is_done_there_now(
    shown: Callable[..., str],
) -> None:
    told = (("master", "write 3 files"), ("slave", "boots"), ("master", "start [one] unit"))
    last = shown(*told, terminal=True).splitlines()[-2:]
    assert [line.split()[0] for line in last] == ["master", "slave"]
    assert last[0].rstrip().endswith("start [one] unit")
    assert last[1].rstrip().endswith("boots")


def test_a_log_has_no_line_for_each_percent(shown: Callable[..., str]) -> None:
    told = [
        ("master", "downloading, 1 %"),
        ("slave", "downloading, 1 %"),
        ("master", "downloading, 2 %"),
        ("master", "unpacking"),
    ]
    lines = shown(*told, terminal=False).splitlines()
    assert [line.split(" s  ")[1] for line in lines] == [
        "master: downloading",
        "slave: downloading",
        "master: unpacking",
    ]


def test_where_there_is_none_each_is_a_line_of_its_own_with_its_time(
    shown: Callable[..., str],
) -> None:
    said = shown(("master", "write [3] files"), ("slave", "boots"), terminal=False).splitlines()
    assert all(re.match(r" {0,2}\d+\.\d s  ", line) for line in said)
    assert [line.split(" s  ")[1] for line in said] == ["master: write [3] files", "slave: boots"]
