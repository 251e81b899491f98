"""What a host is asked: the parts that take some shell."""

import subprocess
import sys

import pytest

from tandem.model import RELEASES
from tandem.rollout.question import RUNS


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_program_tells_its_release_by_the_path_that_it_was_started_with(shell: str) -> None:
    sleeps = (sys.executable, "-c", "import time; time.sleep(60)")
    other = subprocess.Popen(sleeps)
    released = subprocess.Popen((*sleeps, f"{RELEASES}/20261101T120000Z/bin/client"))
    try:
        gone = "MainPID=0 MainPID=4194305"
        shown = f"units='{gone} MainPID={other.pid} Id=a MainPID={released.pid} Id=b'"
        asked = (shell, "-c", f"exec 2>/dev/null\n{shown}\n{RUNS}")
        printed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    finally:
        for one in (other, released):
            one.kill()
            one.wait()
    assert printed == f"{released.pid} 20261101T120000Z\n"
