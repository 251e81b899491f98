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

    def resources(self, cluster: Cluster) -> tuple[str, ...]:
        """What makes the volumes primary, as in haresources."""
        return tuple(f"tandem-volume::{volume.name}" for volume in cluster.volumes)
