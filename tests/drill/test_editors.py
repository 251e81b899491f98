"""What is in a site, held against what editors were told."""

from tandem.drill.editors import Verdict, Work, judged


def sent(title: str, said: int = 201, digest: str = "") -> Work:
    return Work(title, 0.0, 0.1, said, digest)


def test_what_was_acknowledged_and_is_there_is_well() -> None:
    work = [sent("page"), sent("file", digest="abc")]
    assert judged(work, {"page": 1, "file": 1}, {"file": "abc"}) == Verdict(2, 0)


def test_what_was_acknowledged_and_is_not_there_is_lost() -> None:
    assert judged([sent("page"), sent("other")], {"other": 1}, {}).lost == ("page",)


def test_a_file_of_other_content_is_lost_and_so_is_one_without_any() -> None:
    work = [sent("changed", digest="abc"), sent("empty", digest="abc")]
    assert judged(work, {"changed": 1, "empty": 1}, {"changed": "def"}).lost == ("changed", "empty")


def test_what_was_refused_may_be_there_or_not() -> None:
    work = [sent("refused", 503), sent("unanswered", 0), sent("unknown", 0)]
    assert judged(work, {"unanswered": 1}, {}) == Verdict(0, 3)


def test_what_is_there_twice_is_doubled_though_nobody_acknowledged_it() -> None:
    assert judged([sent("page", 0)], {"page": 2}, {}).doubled == ("page",)


def test_where_the_site_does_not_say_what_is_there_nothing_is_known() -> None:
    assert judged([sent("page")], None, {}) == Verdict(1, 0, known=False)
