"""What holds for all the small programs that are rendered for the machines."""

import subprocess

import pytest

from tandem.rendering import File
from tests.agents.conftest import Boot, files_of

SCRIPTS = [
    pytest.param(file, id=f"{cluster}-{file.path.name}")
    for cluster in ("cluster", "containers", "traditional")
    for file in files_of(cluster, "left" if cluster == "containers" else "master")
    if file.text.startswith("#!/bin/sh") and file.path.name != "clean-cache"
]
AGENTS = {
    "cluster": ("tandem-vm", "tandem-volume"),
    "traditional": ("tandem-unit", "tandem-volume"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_has_nothing_to_say(script: File) -> None:
    ran = subprocess.run(
        ["shellcheck", "-"], input=script.text, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_can_be_executed(script: File) -> None:
    assert script.mode & 0o111


@pytest.mark.root
@pytest.mark.parametrize("cluster", AGENTS)
def test_an_agent_that_is_misused_says_how_it_is_used(boot: Boot, cluster: str) -> None:
    node = boot(cluster, "master")
    for name in AGENTS[cluster]:
        for arguments in ((), ("one",), ("one", "restart"), ("one", "start", "two"), ("start",)):
            ran = node.run(f"/etc/ha.d/resource.d/{name}", *arguments)
            assert (ran.returncode, ran.stdout) == (2, ""), (name, arguments)
            assert ran.stderr.startswith(f"usage: {name} "), (name, arguments)
