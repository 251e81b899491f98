"""What must hold between the options of a description."""

from tandem.model.checks import links, names, resources, safety, timings
from tandem.model.checks.names import RESERVED, ports_are_unique, some
from tandem.model.cluster import Cluster
from tandem.model.fault import Fault

__all__ = ["RESERVED", "check", "ports_are_unique", "some"]


def check(cluster: Cluster) -> tuple[Fault, ...]:
    """Every fault that shows only when the whole description is looked at.

    A fault in how machines are named would make the later rules fail: it comes alone.
    """
    unnamed = tuple(fault for rule in names.FIRST for fault in rule(cluster))
    if unnamed:
        return unnamed
    rules = (*names.RULES, *links.RULES, *resources.RULES, *timings.RULES, *safety.RULES)
    return tuple(fault for rule in rules for fault in rule(cluster))
