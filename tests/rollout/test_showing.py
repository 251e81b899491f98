"""What was done, as a table."""

from rich.console import Console

from tandem.rollout.deploying import Outcome
from tandem.rollout.showing import table


def shown(*outcomes: Outcome) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table(outcomes))
    return captured.get()


def test_few_steps_are_all_named_with_their_seconds() -> None:
    told = shown(Outcome("master", 2, 2, 3.1, took=(("write /etc/hosts", 0.1), ("wait", 3.0))))
    lines = [line.split() for line in told.splitlines()[1:]]
    assert lines == [
        ["master", "2", "of", "2", "steps", "3.1"],
        ["write", "/etc/hosts", "0.1"],
        ["wait", "3.0"],
    ]


def test_of_many_steps_those_are_named_that_took_long() -> None:
    quick = tuple((f"write /etc/{number}", 0.1) for number in range(20))
    told = shown(Outcome("master", 21, 21, 5.0, took=(*quick, ("fill frontend", 3.0))))
    assert "write" not in told
    assert [line.split() for line in told.splitlines()[2:]] == [
        ["fill", "frontend", "3.0"],
        ["20", "others", "2.0"],
    ]


def test_an_error_is_shown_as_it_is() -> None:
    told = shown(Outcome("master", 0, 1, 0.0, "build it: make: *** [/srv/x] Error 1"))
    assert "build it: make: *** [/srv/x] Error 1" in told
