"""What is said of a release that could not be built into a host's root."""

import pytest

from tandem.lab.images.software import fault


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            [
                "  buildout ...",
                "make setup: buildout failed: [sites] is missing",
                "make: *** Error 1",
            ],
            "buildout failed: [sites] is missing",
        ),
        (
            ["make: *** No rule to make target 'setup'.  Stop."],
            "make: *** No rule to make target 'setup'.  Stop.",
        ),
        ([], "it said nothing"),
    ],
)
def test_a_failure_is_what_set_up_itself_says(printed: list[str], said: str) -> None:
    assert fault(printed) == said
