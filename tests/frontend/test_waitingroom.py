import pytest

from tandem.frontend.waitingroom import revalidates_a_stale_page

MARKED = "If-Range: tandem"
CONDITION = 'If-None-Match: "x"'


@pytest.mark.parametrize(
    ("lines", "hurry"),
    [
        ((), False),
        ((MARKED,), False),
        ((CONDITION, MARKED), False),
        ((CONDITION,), True),
        (("if-modified-since: Mon, 01 Jan 2024 00:00:00 GMT",), True),
        ((CONDITION, "Range: bytes=0-9"), False),
        ((CONDITION, "Range: bytes=0-9", 'If-Range: "x"'), False),
        (("X-Say: If-None-Match: no header",), False),
    ],
)
def test_only_the_caches_own_question_need_not_wait(lines: tuple[str, ...], hurry: bool) -> None:
    head = "\r\n".join(("GET / HTTP/1.1", "Host: a", *lines, "", "")).encode()
    assert revalidates_a_stale_page(head, b"tandem") is hurry


def test_without_a_cache_every_request_waits() -> None:
    head = f"GET / HTTP/1.1\r\n{CONDITION}\r\n\r\n".encode()
    assert not revalidates_a_stale_page(head, b"")
