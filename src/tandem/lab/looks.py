"""How a lab looks: each machine by its own word, as far as it says one."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any, Final

from tandem.lab.faults import faults_of
from tandem.lab.lab import Lab

_SECONDS: Final = 8.0
"""How long a machine may take to answer, in seconds."""
_ASKING: Final = """\
test -e /proc/drbd && drbdadm role all 2>/dev/null | sed 's/^/role /'
test -e /proc/drbd && drbdadm dstate all 2>/dev/null | sed 's/^/disk /'
echo "heartbeat $(cl_status nodestatus "$(hostname)" 2>/dev/null)"
machinectl list --no-legend 2>/dev/null | sed 's/^/vm /'
true
"""


@dataclass(frozen=True)
class Looks:
    """One machine: its power, and what it says of itself, which is empty while it says nothing."""

    name: str
    power: str
    answers: bool = False
    volumes: tuple[str, ...] = ()
    heartbeat: str = ""
    vms: tuple[str, ...] = ()

    def words(self) -> tuple[str, ...]:
        """The cells of a table's row."""
        if not self.answers:
            return (self.name, self.power, *("" if self.power == "off" else "no answer",))
        volumes = "\n".join(self.volumes)
        return (self.name, self.power, volumes, self.heartbeat or "-", " ".join(self.vms) or "-")


def machines(lab: Lab) -> tuple[Looks, ...]:
    """All machines, asked at the same time."""
    states = lab.states()
    asked = {
        name: lab.start(name, _ASKING) if state == "on" else None for name, state in states.items()
    }
    seen = []
    for name, started in asked.items():
        answer = None
        if started:
            with started:
                try:
                    answer = started.communicate(timeout=_SECONDS)[0]
                except TimeoutExpired:
                    started.kill()
            if started.returncode:
                answer = None
        names = [volume.name for volume in lab.cluster.volumes]
        looks = Looks(name, states[name])
        seen.append(looks if answer is None else read(looks, answer, names))
    return tuple(seen)


def read(looks: Looks, answer: str, volumes: list[str]) -> Looks:
    """The looks with what the machine says of itself."""
    said = [words for line in answer.splitlines() if len(words := line.split()) > 1]
    roles = [line[1].split("/")[0] for line in said if line[0] == "role"]
    disks = [line[1] for line in said if line[0] == "disk"]
    return Looks(
        name=looks.name,
        power=looks.power,
        answers=True,
        volumes=tuple(" ".join(words) for words in zip(volumes, roles, disks, strict=False)),
        heartbeat=next((" ".join(line[1:]) for line in said if line[0] == "heartbeat"), ""),
        vms=tuple(line[1] for line in said if line[0] == "vm"),
    )


def looks(lab: Lab) -> dict[str, Any]:
    """All of it, for scripts."""
    return {
        "cluster": lab.cluster.name,
        "machines": [asdict(one) for one in machines(lab)],
        "faults": list(faults_of(lab).sentences()),
    }


def clear(folder: Path) -> None:
    """Throw away what a lab that has ended left in its folder."""
    shutil.rmtree(folder, ignore_errors=True)
