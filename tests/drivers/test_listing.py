"""What the drivers' own shell prints of a machine: its volumes, and its VMs."""

import subprocess
from pathlib import Path

from tandem.drivers import Drbd
from tandem.drivers.nspawn import Nspawn
from tandem.drivers.xen import Xen
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

XL_INFO = """\
total_memory           : 4095
free_memory            : 1802
"""
XL_LIST = """\
Name                                        ID   Mem VCPUs\tState\tTime(s)
Domain-0                                     0  1024     2     r-----      40.3
frontend                                     1   512     1     -b----       9.1
zeoserver                                    2  1024     1     -b----       3.8
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


def test_writing_waits_where_drbd_8_4_has_the_flag_for_it(tmp_path: Path) -> None:
    for flags, waits in (("r-----", 1), ("s-----", 0)):
        (tmp_path / "drbd").write_text(
            PROC_DRBD.replace("DUnknown C r-----", f"DUnknown C {flags}")
        )
        script = Drbd("8.4").suspended.replace("/proc/drbd", str(tmp_path / "drbd"))
        assert subprocess.run(("sh", "-c", script), check=False).returncode == waits


def test_system_containers_are_those_that_systemd_has_registered(tmp_path: Path) -> None:
    for name in ("frontend", "unit:tandem-vm-frontend.service", "zeoclient-master"):
        (tmp_path / name).touch()
    script = Nspawn().listing.replace("/run/systemd/machines", str(tmp_path))
    assert printed(script).split() == ["frontend", "zeoclient-master"]


def test_a_container_takes_what_is_not_kept_in_files(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable: 4096000 kB\n")
    (tmp_path / "tandem-vm-zeoclient-master.service").mkdir()
    stat = tmp_path / "tandem-vm-zeoclient-master.service/memory.stat"
    stat.write_text(f"anon {300 << 20}\nfile {700 << 20}\n")
    script = Nspawn().memory.replace("/proc/meminfo", str(tmp_path / "meminfo"))
    script = script.replace("/sys/fs/cgroup/machine.slice", str(tmp_path))
    assert printed(script).splitlines() == ["4000", "zeoclient-master 300"]


def test_a_domain_of_xen_takes_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "xl").write_text(f"#!/bin/sh\ncat <<'END'\n{XL_INFO}{XL_LIST}END\n")
    (tmp_path / "xl").chmod(0o755)
    script = f"PATH={tmp_path}:$PATH\n{Xen().memory}"
    assert printed(script).splitlines()[:1] == ["1802"]
    assert printed(script).splitlines()[-2:] == ["frontend 512", "zeoserver 1024"]


def test_without_any_nothing_is_printed(tmp_path: Path) -> None:
    assert printed(Nspawn().listing.replace("/run/systemd/machines", str(tmp_path))) == ""
