"""Two machines never write: what was seen of their roles says whether they did."""

from tandem.drill.roles import Seen, both_wrote


def primary(machine: str, *times: float) -> list[Seen]:
    return [Seen(machine, "zeoserver", at, at + 0.1) for at in times]


def test_one_after_the_other_is_a_switchover() -> None:
    assert both_wrote([*primary("master", 1, 2, 3), *primary("slave", 4, 5, 6)]) == ()


def test_there_and_back_is_two_of_them() -> None:
    seen = [*primary("master", 1, 2, 20, 21), *primary("slave", 10, 11)]
    assert both_wrote(seen) == ()


def test_one_that_was_primary_before_and_after_the_other_was_both_wrote() -> None:
    seen = [*primary("master", 1, 2, 3), *primary("slave", 2.5)]
    assert both_wrote(seen) == ("zeoserver was primary on master and slave",)


def test_another_volume_may_be_primary_there() -> None:
    assert both_wrote([*primary("master", 1, 2), Seen("slave", "frontend", 1.5, 1.6)]) == ()


def test_one_that_was_asked_while_it_answered_says_nothing_certain() -> None:
    assert both_wrote([*primary("master", 1, 2), Seen("slave", "zeoserver", 1.5, 2.5)]) == ()
