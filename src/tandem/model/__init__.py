"""The model: what a cluster is. It imports nothing of ours, and reads and writes no file."""

from tandem.model.access import Access, access_to
from tandem.model.cluster import (
    CURRENT,
    DATA,
    HOME,
    MAINTENANCE,
    READY_PATH,
    RELEASES,
    VAR,
    VM,
    Client,
    Cluster,
    Host,
    Site,
    Volume,
    seen_from,
)
from tandem.model.fault import Fault
from tandem.model.reading import (
    MACHINE_SECTION,
    PARTS,
    SECTIONS,
    Sections,
    read,
    read_here,
    section_names,
)
from tandem.model.sections import FrontendVM, Here, Machine, Ports, Ssh, ZeoclientVM, ZeoserverVM

__all__ = [
    "CURRENT",
    "DATA",
    "HOME",
    "MACHINE_SECTION",
    "MAINTENANCE",
    "PARTS",
    "READY_PATH",
    "RELEASES",
    "SECTIONS",
    "VAR",
    "VM",
    "Access",
    "Client",
    "Cluster",
    "Fault",
    "FrontendVM",
    "Here",
    "Host",
    "Machine",
    "Ports",
    "Sections",
    "Site",
    "Ssh",
    "Volume",
    "ZeoclientVM",
    "ZeoserverVM",
    "access_to",
    "read",
    "read_here",
    "section_names",
    "seen_from",
]
