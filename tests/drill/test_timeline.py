"""What happened, by the lines of a journal."""

import pytest

from tandem.drill.timeline import noted_in

BEGAN = 1_795_774_700.0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("slave heartbeat[612]: [612]: WARN: node master: is dead", "detected: master"),
        ("slave tandem-fence[1]: master is switched off, its BMC confirms", "fenced: master"),
        ("slave tandem-fence[1]: master is off already", "fenced: master"),
        ("slave tandem-fence[1]: the operator confirms that master is off", "fenced: master"),
        ("slave kernel: block drbd1: role( Secondary -> Primary ) ", "promoted: drbd1"),
        (
            "slave systemd[1]: Started tandem-vm-zeoserver.service - The VM zeoserver.",
            "VM up: zeoserver",
        ),
        (
            "zeoserver systemd[1]: Started tandem-zeoserver.service - The ZEO server.",
            "service up: zeoserver",
        ),
    ],
)
def test_a_line_that_tells_of_something_is_an_event(line: str, says: str) -> None:
    told = list(noted_in([f"{BEGAN + 10:.6f} {line}"], "slave", BEGAN))
    assert [(round(event.after), event.says) for event in told] == [(10, says)]


def test_other_lines_and_earlier_ones_are_none() -> None:
    lines = [
        f"{BEGAN + 10:.6f} slave sshd[1]: Accepted publickey",
        f"{BEGAN + 10:.6f} slave tandem-fence[1]: master is not known to be off",
        f"{BEGAN - 10:.6f} slave tandem-fence[1]: master is off",
        "-- Boot 1234 --",
    ]
    assert list(noted_in(lines, "slave", BEGAN)) == []
