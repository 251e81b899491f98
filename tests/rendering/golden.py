"""What every host of every example gets, in one text for each host, and the handbook's pictures.

``make golden`` makes both anew, so that a change of a template is seen in review.
"""

import shutil
from pathlib import Path

from tandem.diagram import diagram
from tandem.model import Cluster, Host
from tandem.rendering import CHECKOUT
from tandem.rendering.hosts import host_files
from tests.examples import FILES, example, secrets_for

GOLDEN = Path(__file__).with_name("golden")
PICTURES = {name: CHECKOUT / f"docs/pictures/{name}.svg" for name in ("cluster", "capacity")}


def text_of(name: str, cluster: Cluster, host: Host) -> str:
    """Every file of the host, each below a line with its path and mode."""
    return "\n".join(
        f"==> /{file.path} {file.mode:04o}\n{file.text}"
        for file in host_files(cluster, host, secrets_for(cluster), FILES[name].name)
    )


def main() -> None:
    """Write every golden file and picture."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for name in FILES:
        cluster = example(name)
        (GOLDEN / name).mkdir(parents=True)
        for host in cluster.hosts.values():
            (GOLDEN / name / f"{host.name}.txt").write_text(text_of(name, cluster, host))
    for name, file in PICTURES.items():
        file.write_text(diagram(example(name)))


if __name__ == "__main__":
    main()
