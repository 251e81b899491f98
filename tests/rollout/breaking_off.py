"""A roll-out that says when to break it off, and ends as a command does: a process of its own.

One of two machines is done by then, and the other is at its first step.
"""

import signal
import time
from pathlib import Path
from threading import Event
from typing import Self
from unittest.mock import patch

from tandem.console import told
from tandem.model import Host, Ssh
from tandem.rollout import deploying, doing
from tandem.rollout.facts import Facts
from tandem.rollout.step import Phase, Step
from tandem.rollout.survey import Survey
from tests.examples import example
from tests.rollout.asdescribed import wanted

CLUSTER = example("traditional")
slave_is_done, interrupted = Event(), Event()


class Machine:
    def __init__(self, host: Host, _: Ssh) -> None:
        self.host = host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the connection."""

    def run(self, *_: object) -> str:
        if self.host.name == "slave":
            slave_is_done.set()
            return ""
        slave_is_done.wait()
        print("at work", flush=True)
        interrupted.wait()
        # The operator's Ctrl-C has ended all other work by then.
        time.sleep(0.5)
        return ""


def interrupt(*_: object) -> None:
    interrupted.set()
    raise KeyboardInterrupt


def main() -> None:
    signal.signal(signal.SIGINT, interrupt)
    wants = {name: wanted(CLUSTER, name) for name in CLUSTER.machines}
    seen = Survey(CLUSTER, "", wants, dict.fromkeys(wants, Facts()))
    one, two = (Step(says, "true", phase=Phase.AHEAD) for says in ("one", "two"))
    with (
        patch.object(deploying, "Remote", Machine),
        patch.object(doing, "unlike", lambda *_: ""),
        told(),
    ):
        plans = {"master": (one, two), "slave": (one,)}
        doing.done(plans, seen, Path("cluster.cfg"), lambda: "")


if __name__ == "__main__":
    main()
