"""What commands that change a cluster have in common: look, ask, do, and show what came of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from tandem.console import CONSOLE, agreed, fail, working_on
from tandem.description import cluster_in, sections_in, text_of
from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rendering import CHECKOUT
from tandem.rollout import showing
from tandem.rollout.deploying import Outcome, Plans, carry_out, unlike
from tandem.rollout.survey import Survey, survey
from tandem.secrets import secrets_of

Change = Callable[[Cluster], Cluster]
"""Makes another cluster of the one that is described."""


def unchanged(described: Cluster) -> Cluster:
    """The cluster that is described."""
    return described


def ask(plans: Plans, yes: bool) -> None:
    """Let the operator say yes, where visitors would notice; raises TandemError without."""
    notice = showing.visitors(step for steps in plans.values() for step in steps)
    if notice and not yes and not agreed(f"Visitors notice: {notice}. Do it?"):
        raise TandemError("nothing was done")


def done(
    plans: Plans, seen: Survey, file: Path, lost: Callable[[], str], change: Change = unchanged
) -> Sequence[Outcome]:
    """Carry the plans out, and show what came of it."""
    started = monotonic()
    with working_on([host for host, steps in plans.items() if steps]) as tell:

        def stop() -> str:
            return lost() or unlike(seen.cluster, lambda: change(cluster_in(file)))

        outcomes = tuple(carry_out(plans, seen, stop, tell))
    CONSOLE.print(showing.table(outcomes))
    if (slow := showing.slowest(outcomes)).row_count:
        CONSOLE.print(slow)
    CONSOLE.print(f"in {monotonic() - started:.1f} s")
    for one in outcomes:
        if one.error:
            fail(f"{one.host}: {one.error}")
    return outcomes


def look(file: Path, machine: str = "", change: Change = unchanged) -> Survey:
    """What the hosts have and lack that a command is about; raises TandemError."""
    described = change(cluster_in(file))
    secrets = secrets_of(described, CHECKOUT, make_missing=False)
    description = text_of(sections_in(file), "as this host was built from it")
    return survey(described, secrets, file.name, description, machine)
