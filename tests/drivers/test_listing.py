"""What the drivers' own shell prints of a machine: its volumes, and its VMs."""

import subprocess
from pathlib import Path

from tandem.drivers import Drbd
from tandem.drivers.nspawn import Nspawn
from tests.examples import example

PROC_DRBD = """\
version: 8.4.11 (api:1/proto:86-101)
srcversion: 059B1B470318F053F5077D5

 0: cs:WFConnection ro:Secondary/Unknown ds:UpToDate/DUnknown C r-----
    ns:6080 nr:0 dw:6080 dr:45981 al:7 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
 1: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
    ns:5876 nr:0 dw:5876 dr:56841 al:7 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
 7: cs:Unconfigured
"""


def printed(script: str) -> str:
    return subprocess.run(("sh", "-eu"), input=script, capture_output=True, text=True).stdout


def test_volumes_are_read_from_what_the_module_of_drbd_8_4_says(tmp_path: Path) -> None:
    (tmp_path / "drbd").write_text(PROC_DRBD)
    cluster = example("cluster")
    script = Drbd("8.4").listing(cluster).replace("/proc/drbd", str(tmp_path / "drbd"))
    assert printed(script).splitlines() == [
        "frontend Secondary/Unknown WFConnection UpToDate/DUnknown",
        "zeoserver Primary/Secondary Connected UpToDate/UpToDate",
    ]


def test_system_containers_are_those_that_systemd_has_registered(tmp_path: Path) -> None:
    for name in ("frontend", "unit:tandem-vm-frontend.service", "zeoclient-master"):
        (tmp_path / name).touch()
    script = Nspawn().listing.replace("/run/systemd/machines", str(tmp_path))
    assert printed(script).split() == ["frontend", "zeoclient-master"]


def test_without_any_nothing_is_printed(tmp_path: Path) -> None:
    assert printed(Nspawn().listing.replace("/run/systemd/machines", str(tmp_path))) == ""
