"""DRBD, which replicates the volumes: 8.4 as in Debian's kernels, or 9."""

from dataclasses import dataclass

from tandem.model import Cluster


@dataclass(frozen=True)
class Drbd:
    """DRBD of a version."""

    version: str

    program = "drbd"

    @property
    def folders(self) -> tuple[str, ...]:
        """The templates of the pair's machines."""
        return (f"drbd/{self.version}", "drbd/pair")

    @property
    def suspended(self) -> str:
        """The shell command that succeeds while the writing to a volume waits.

        It may write to the file ``$said``.
        """
        if self.version == "8.4":
            # Of the flags behind the states and the protocol, the first is r or s.
            return "grep -qs ' ds:[^ ]* . s' /proc/drbd"
        asked = 'timeout -k 1 5 drbdsetup status --verbose >"$said" 2>/dev/null </dev/null'
        # There is resync-suspended:, too.
        return f"{asked}\n    grep -Eqs '(^| )suspended:[^n]' \"$said\""

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """What makes the volumes primary, as in haresources."""
        return tuple(f"tandem-volume::{volume.name}" for volume in cluster.volumes)

    def listing(self, cluster: Cluster) -> str:
        """The POSIX shell that prints each volume's name, role, connection state and disk states.

        They are DRBD's words (drbdadm(8)); of both sides, this one's comes first.
        """
        if self.version == "8.4":
            # What the kernel module says of itself takes no program to read.
            words = "${role#ro:} ${state#cs:} ${disk#ds:}"
            cases = "\n".join(
                f'    {volume.minor}:) echo "{volume.name} {words}" ;;'
                for volume in cluster.volumes
            )
            reading = "while read -r minor state role disk _; do"
            return f"{reading}\n    case $minor in\n{cases}\n    esac\ndone </proc/drbd"
        return "\n".join(f"echo {volume.name} {_asked(volume.name)}" for volume in cluster.volumes)


def _asked(volume: str) -> str:
    asked = ("role", "cstate", "dstate")
    return " ".join(f"$(timeout 5 drbdadm {one} {volume})" for one in asked)
