"""``make soak``: the lab goes up and down again and again, and leaves nothing behind.

``python -m tests.lab.soak ROUNDS`` ends with 1 at the first thing that is left.
"""

import subprocess
import sys
import time
from collections.abc import Sequence

from tandem.rendering import CHECKOUT
from tests.lab.leftovers import left

UP = ("bin/fab", "lab:up", "--hypervisor=nspawn")
DOWN = ("bin/fab", "lab:down")


def main(arguments: Sequence[str]) -> int:
    """Go up and down so many times; the exit status."""
    before = left()
    for number in range(1, int(arguments[0]) + 1):
        times = []
        for command in (UP, DOWN):
            started = time.monotonic()
            done = subprocess.run(
                command, cwd=CHECKOUT, capture_output=True, text=True, check=False
            )
            times.append(f"{command[1]} {time.monotonic() - started:.1f} s")
            if done.returncode:
                print(f"round {number}: {command[1]} failed: {done.stderr.strip()}")
                return 1
        print(f"round {number}: {', '.join(times)}", flush=True)
        if left() != before:
            print(f"round {number}: left behind: {left()}, and before there was: {before}")
            return 1
    print("nothing was left behind")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
