"""The description that a lab was started with, which may have been edited since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tandem.description import cluster_from, cluster_in, sections_in, text_of, with_changes
from tandem.model import Cluster, Sections
from tandem.secrets import secret_files


@dataclass(frozen=True)
class Described:
    """A description's file, and the options that are other in the lab, by section."""

    file: Path
    changed: Sections

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster as the lab has it: with secrets of the lab's own. Raises TandemError."""
        return _with_own_secrets(cluster_in(self.file, self.changed))

    @cached_property
    def sections(self) -> Sections:
        """All of the description, as it is in the lab, every ``${section:option}`` put in."""
        return with_changes(sections_in(self.file), self.changed)

    def keep(self, file: Path) -> None:
        """Write down what is described, for those who come to the lab later."""
        file.write_text(json.dumps(self.sections))


def as_operated(
    described: Described, secrets: Path, ssh: Mapping[str, str], volume_disk: str
) -> str:
    """The text of the description as ``fab`` reads it to work on the lab as on a real cluster.

    It names the lab's own secrets, in a folder, its way in, and the disk for the volumes.
    """
    names = secret_files(described.cluster, secrets)
    own: dict[str, dict[str, str]] = {"ssh": dict(ssh), "secrets": {}}
    for node in described.cluster.nodes:
        own[node.name] = {"volume-disk": volume_disk}
    for name, file in names.items():
        machine = name.removeprefix("fence-")
        if machine == name:
            own["secrets"][name] = str(file.path)
        else:
            own[machine]["fence-password"] = str(file.path)
    return text_of(with_changes(described.sections, own), "as the lab has it")


def kept_in(file: Path) -> Cluster:
    """The cluster that was written down there."""
    return _with_own_secrets(cluster_from(json.loads(file.read_text()), str(file)))


def _with_own_secrets(cluster: Cluster) -> Cluster:
    """The cluster without the files of secrets that its description names.

    Those are the real cluster's, and the lab's disks are no place for them.
    """
    return replace(
        cluster,
        secrets=replace(cluster.secrets, admin="", drbd="", heartbeat=""),
        nodes=tuple(replace(node, fence_password="") for node in cluster.nodes),
    )
