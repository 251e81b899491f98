"""The model: what a cluster is. It imports nothing of ours, and reads and writes no file."""

from tandem.model.cluster import (
    READY_PATH,
    Client,
    Cluster,
    FrontendVM,
    Here,
    Ports,
    Site,
    ZeoclientVM,
    ZeoserverVM,
    seen_from,
)
from tandem.model.fault import Fault
from tandem.model.reading import SECTIONS, Sections, read, read_here

__all__ = [
    "READY_PATH",
    "SECTIONS",
    "Client",
    "Cluster",
    "Fault",
    "FrontendVM",
    "Here",
    "Ports",
    "Sections",
    "Site",
    "ZeoclientVM",
    "ZeoserverVM",
    "read",
    "read_here",
    "seen_from",
]
