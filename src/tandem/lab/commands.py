"""``fab lab:…``: the lab's commands, named after what the description has."""

import json as jsonlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final, cast

from fabric import Connection, task
from rich.table import Table

from tandem.console import CLUSTER_HELP, CONSOLE, JSON_HELP, told, working
from tandem.description import cluster_in
from tandem.errors import TandemError
from tandem.lab import faults, looks
from tandem.lab.lab import Lab
from tandem.lab.layout import layout_of
from tandem.lab.namespace import Namespace, NoLabError
from tandem.lab.network import Direction
from tandem.lab.rootless import go_where_root_is, go_where_we_are_root
from tandem.lab.starting import DESCRIBED, MEMORY, described_for, lab_up, open_lab, restart
from tandem.model import Cluster
from tandem.rendering import CHECKOUT

LABS: Final = CHECKOUT / "var/lab"
"""Where labs run, each in a folder with its cluster's name."""
IMAGES: Final = CHECKOUT / "var/images"
"""What is made once for labs."""

_WAYS: Final = ("both", "to", "from")

Command = Any  # Fabric has no types


def commands(cluster: Cluster) -> Iterator[Command]:
    """The tasks of the lab of a cluster."""
    yield from (up, down, status, heal, run)
    for machine in cluster.machines:
        yield _on_machine("poweroff", machine, "Cut {0}'s power.", Lab.poweroff)
        yield _on_machine("poweron", machine, "Switch {0} on.", Lab.poweron)
        yield _on_machine("freeze", machine, "Have {0} stand still, as it is.", Lab.freeze)
        yield _on_machine("thaw", machine, "Have {0} go on.", Lab.thaw)
        yield _lossy_disk(machine)
        yield _console(machine)
    for machine in cluster.pair:
        yield _bad_disk(machine)
    for host in cluster.hosts:
        yield _ssh(host)
    for link in layout_of(cluster).links:
        yield _cut(link)
        yield _slow(link)
    yield _fill("zeoserver")
    if cluster.virtual:
        yield _fill("frontend")


def _command(name: str, says: str, **helps: str) -> Callable[[Callable[..., None]], Command]:
    def made(function: Callable[..., None]) -> Command:
        function.__doc__ = says
        return task(name=f"lab:{name}", help=CLUSTER_HELP | helps)(function)

    return made


def _lab(cluster: str) -> Lab:
    lab = open_lab(_folder_of(Path(cluster)))
    go_where_root_is(lab.namespace.keeper)
    return lab


def lab_here(file: Path) -> Lab | None:
    """The lab of a description, if it runs; this program goes on in its network then."""
    try:
        lab = open_lab(_folder_of(file))
    except NoLabError:
        return None
    go_where_root_is(lab.namespace.keeper)
    if not lab.namespace.entered:
        _become(*lab.namespace.entering((sys.executable, *sys.orig_argv[1:])))
    return lab


def _number(option: str, text: str, most: int = 1_000_000) -> float:
    """What was typed as a number; raises TandemError."""
    with suppress(ValueError):
        if 0 <= (number := float(text)) <= most:
            return number
    raise TandemError(f"--{option}={text}: expected a number, at most {most:,}")


def _folder_of(file: Path) -> Path:
    """The folder of a description's lab; the description may be the one that the lab keeps."""
    return file.parent if (file.parent / DESCRIBED).exists() else _folder(cluster_in(file))


def _folder(cluster: Cluster) -> Path:
    return LABS / cluster.name


@_command(
    "up",
    "Bring the cluster's machines up on this computer, as real kernels with real services.",
    hypervisor="another than the description's: nspawn for one that says xen",
    memory=f"how much each machine has, in MB (default: {MEMORY})",
    bare="machines on which nothing is installed yet",
)
def up(
    _: Connection,
    cluster: str = "cluster.cfg",
    hypervisor: str = "",
    memory: str = str(MEMORY),
    bare: bool = False,
) -> None:
    with told():
        megabytes = int(_number("memory", memory))
        go_where_we_are_root()
        described = described_for(Path(cluster), hypervisor)
        folder = _folder(described.cluster)
        started = monotonic()
        names = ", ".join(described.cluster.machines)
        CONSOLE.print(f"lab {described.cluster.name}: {names} come up", markup=False)
        with (
            working("the lab") as tell,
            lab_up(described, folder, IMAGES, tell, memory=megabytes, bare=bare) as lab,
        ):
            lab.stay()
        CONSOLE.print(f"up in {monotonic() - started:.0f} s")
        _show(lab)
    for lack in lab.kind.lacks:
        CONSOLE.print(f"Not as on a server: {lack}", markup=False)


@_command("down", "End the lab, and throw away what its machines wrote.")
def down(_: Connection, cluster: str = "cluster.cfg") -> None:
    with told():
        folder = _folder(cluster_in(Path(cluster)))
        namespace = Namespace(folder)
        go_where_root_is(namespace.keeper)
        started = monotonic()
        namespace.end()
        looks.clear(folder)
    CONSOLE.print(f"the lab is down, in {monotonic() - started:.1f} s")


@_command("status", "Show the lab's machines, links and faults.", **JSON_HELP)
def status(_: Connection, cluster: str = "cluster.cfg", json: bool = False) -> None:
    with told():
        lab = _lab(cluster)
        if json:
            print(jsonlib.dumps(looks.looks(lab)))
        else:
            _show(lab)


def _show(lab: Lab) -> None:
    table = Table("machine", "power", "volumes", "Heartbeat", "VMs", box=None)
    for seen in looks.machines(lab):
        table.add_row(*seen.words())
    CONSOLE.print(table)
    for sentence in faults.faults_of(lab).sentences():
        CONSOLE.print(sentence, style="red", markup=False)


@_command("heal", "End all faults of links and disks.")
def heal(_: Connection, cluster: str = "cluster.cfg") -> None:
    with told():
        lab = _lab(cluster)
        before = faults.faults_of(lab).sentences()
        left = faults.heal(lab)
        if left:
            raise TandemError("\n".join(f"still: {sentence}" for sentence in left))
    healed = "; ".join(before)
    CONSOLE.print(f"healed: {healed}" if healed else "there was nothing to heal", markup=False)


@_command(
    "run",
    "Run a program of this computer in the lab's network: a browser, curl, a load.",
    command="the program, and what it is told, as for a shell",
)
def run(_: Connection, command: str, cluster: str = "cluster.cfg") -> None:
    with told():
        lab = _lab(cluster)
    _become(*lab.namespace.entering(("sh", "-c", command)))


def _on_machine(name: str, machine: str, says: str, does: Callable[[Lab, str], None]) -> Command:
    @_command(f"{name}:{machine}", says.format(machine))
    def command(_: Connection, cluster: str = "cluster.cfg") -> None:
        with told():
            lab = _lab(cluster)
            does(lab, machine)
            CONSOLE.print(f"{machine} is {lab.states()[machine]}", markup=False)

    return command


def _lossy_disk(machine: str) -> Command:
    @_command(
        f"lossy-disk:{machine}",
        f"Start {machine} anew; its data's disk loses at a power cut what was not flushed.",
        off="with one that does not, again",
    )
    def command(_: Connection, cluster: str = "cluster.cfg", off: bool = False) -> None:
        with told():
            lab = _lab(cluster)
            with working(machine) as tell:
                restart(lab, machine, tell, lossy=not off)
        what = "keeps what it is given" if off else "loses at a power cut what was not flushed"
        CONSOLE.print(f"the disk with {machine}'s data {what}", markup=False)

    return command


def _bad_disk(machine: str) -> Command:
    @_command(
        f"bad-disk:{machine}",
        f"Have every access to a disk of {machine} fail.",
        volume="the volume that lies on it (default: zeoserver)",
    )
    def command(_: Connection, cluster: str = "cluster.cfg", volume: str = "zeoserver") -> None:
        with told():
            faults.bad_disk(_lab(cluster), machine, volume)
        CONSOLE.print(f"the disk under {volume} on {machine} is bad", markup=False)

    return command


def _fill(role: str) -> Command:
    @_command(f"fill:{role}", f"Fill the disk of the {role}.")
    def command(_: Connection, cluster: str = "cluster.cfg") -> None:
        with told():
            host = faults.fill(_lab(cluster), role)
        CONSOLE.print(f"{host}'s disk is full", markup=False)

    return command


def _cut(link: str) -> Command:
    @_command(
        f"cut:{link}",
        f"Cut the {link} link, of all machines or of one.",
        machine="the machine whose cable alone is cut",
        direction="what is lost: both (default), to the machine, or from it",
    )
    def command(
        _: Connection, cluster: str = "cluster.cfg", machine: str = "", direction: str = "both"
    ) -> None:
        with told():
            if direction not in _WAYS:
                raise TandemError(f"--direction={direction}: expected one of {', '.join(_WAYS)}")
            lab = _lab(cluster)
            faults.cut(lab, link, machine, cast(Direction, direction))
            for sentence in faults.faults_of(lab).sentences():
                CONSOLE.print(sentence, markup=False)

    return command


def _slow(link: str) -> Command:
    @_command(
        f"slow:{link}",
        f"Have what the machines send on the {link} link come late, or not at all.",
        delay="how late, in ms (default: 200)",
        loss="how much of it is lost, in percent (default: 5)",
    )
    def command(
        _: Connection, cluster: str = "cluster.cfg", delay: str = "200", loss: str = "5"
    ) -> None:
        with told():
            late, lost = _number("delay", delay), _number("loss", loss, most=100)
            faults.slow(_lab(cluster), link, late, lost)
        CONSOLE.print(f"{link}: {late:g} ms late, {lost:g} % lost", markup=False)

    return command


def _ssh(host: str) -> Command:
    @_command(f"ssh:{host}", f"Come to {host} by ssh.", command="what to run there, and return")
    def ssh(_: Connection, cluster: str = "cluster.cfg", command: str = "") -> None:
        with told():
            lab = _lab(cluster)
            words = lab.identity.command(lab.host(host).address)
        _become(*lab.namespace.entering((*words, command) if command else words))

    return ssh


def _console(machine: str) -> Command:
    @_command(f"console:{machine}", f"Work at {machine}'s console; Ctrl-] leaves it.")
    def command(_: Connection, cluster: str = "cluster.cfg") -> None:
        with told():
            lab = _lab(cluster)
        CONSOLE.print(f"{machine}'s console; Ctrl-] leaves it", markup=False)
        # A socket's path may have some 100 letters: it is named from within its folder.
        os.chdir(lab.folder)
        _become("socat", "-,raw,echo=0,escape=0x1d", f"UNIX-CONNECT:{machine}.console")

    return command


def _become(*command: str | Path) -> None:
    os.execvp(command[0], command)  # noqa: S606  # a list, as everywhere
