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

    def differing(self, cluster: Cluster) -> str:
        """The POSIX shell that prints each volume's name, and what differs on the peer's disk (KB).

        While it is not connected, that is what this side has written alone.
        """
        if self.version == "8.4":
            cases = "\n".join(
                f"    {volume.minor}:) name={volume.name} ;;" for volume in cluster.volumes
            )
            return f"""\
name=
while read -r first rest; do
    case $first in
{cases}
    ns:*) [ -z "$name" ] || echo "$name ${{rest##*oos:}}"; name= ;;
    esac
done </proc/drbd"""
        return "\n".join(
            f"timeout 5 drbdsetup status {volume.name} --statistics |"
            f" sed -n 's/.* out-of-sync:\\([0-9]*\\).*/{volume.name} \\1/p'"
            for volume in cluster.volumes
        )

    def cut_off(self, cluster: Cluster) -> str:
        """The POSIX shell that prints each volume's name, and when it lost its peer the last time.

        That is in seconds, as the kernel has noted it since it booted: 8.4 notes ``drbd NAME: …
        conn( Connected -> …``, 9 has the peer's name behind the volume's.
        """
        return "\n".join(
            f"journalctl --boot --quiet --no-pager --output=short-unix --reverse --lines=1"
            f" _TRANSPORT=kernel --grep='drbd {volume.name}[ :].*conn\\( Connected -> ' |"
            f" sed 's/\\..*//; s/^/{volume.name} /'"
            for volume in cluster.volumes
        )

    def forcing(self, volume: str) -> str:
        """The shell command that makes a volume primary, however old its data is."""
        return f"timeout -k 1 150 drbdadm primary --force {volume}"

    def giving_up(self, volume: str) -> str:
        """The shell commands that take the peer's content for a volume, whatever is here.

        DRBD refuses that where the volume is primary.
        """
        return (
            f"timeout 30 drbdadm disconnect {volume} 2>/dev/null || true\n"
            f"timeout 30 drbdadm connect --discard-my-data {volume}"
        )

    def connecting(self, volume: str) -> str:
        """The shell command that has a volume speak to its peer again."""
        return f"timeout 30 drbdadm connect {volume}"


def _asked(volume: str) -> str:
    asked = ("role", "cstate", "dstate")
    return " ".join(f"$(timeout 5 drbdadm {one} {volume})" for one in asked)
