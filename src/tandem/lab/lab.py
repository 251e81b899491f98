"""A lab that runs: its machines, its links, and what can be done to them."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from textwrap import shorten
from typing import Any, Final

from tandem.errors import TandemError
from tandem.lab.layout import Layout, layout_of
from tandem.lab.lossy import lossy_command, made_whole
from tandem.lab.machine import Disk, Hardware, Kind
from tandem.lab.namespace import Namespace
from tandem.lab.network import plugging
from tandem.lab.ssh import Identity
from tandem.model import Cluster, Host

_HARDWARE: Final = "{}-hardware.json"


class Lab:
    """The lab that runs in a folder, with the machines of a cluster."""

    def __init__(
        self, cluster: Cluster, kind: Kind, identity: Identity, namespace: Namespace
    ) -> None:
        self.cluster = cluster
        self.kind = kind
        self.identity = identity
        self.namespace = namespace
        self.layout: Layout = layout_of(cluster)

    @property
    def folder(self) -> Path:
        """Where the lab keeps what is its own while it runs."""
        return self.namespace.folder

    # Machines

    def plug_in(self, machines: Iterable[Hardware]) -> None:
        """Make the links, and put the machines beside them, switched off."""
        # A new network has this computer's settings, and the lab is no router.
        self.namespace.run(("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward"))
        self.namespace.run(("ip", "-batch", "-"), plugging(self.layout))
        for machine in machines:
            self._note(machine)
            self.rebuild(machine.name)

    def rebuild(self, machine: str, *, lossy: bool = False) -> None:
        """Have a machine, which is off, start the next time with disks that are lossy, or not."""
        hardware = self._hardware(machine)
        if lossy:
            before = hardware.disks
            hardware = made_whole(self.kind, hardware)
            self._note(hardware)
            for disk in set(before) - set(hardware.disks):
                disk.path.unlink()
            command = lossy_command(self.kind, hardware, self.folder)
        else:
            # What a machine flushed outlives it in this computer's cache: its disk need not wait.
            command = ("eatmydata", *self.kind.command(hardware, self.folder))
        self.namespace.ask("add", machine, command=command)

    def _note(self, machine: Hardware) -> None:
        disks = [(str(disk.path), disk.base and str(disk.base)) for disk in machine.disks]
        kept = {"memory": machine.memory, "disks": disks, "kernel": machine.kernel}
        self.keep(_HARDWARE.format(machine.name), kept)

    def keep(self, name: str, kept: dict[str, Any]) -> None:
        """Write something of the lab down as a file of JSON, which is never seen half written."""
        unfinished = self.folder / f"{name}.new"
        unfinished.write_text(json.dumps(kept))
        unfinished.replace(self.folder / name)

    def _hardware(self, machine: str) -> Hardware:
        kept = json.loads((self.folder / _HARDWARE.format(machine)).read_text())
        disks = (Disk(Path(path), base and Path(base)) for path, base in kept["disks"])
        ports = self.layout.ports_of(machine)
        return Hardware(machine, kept["memory"], tuple(disks), ports, tuple(kept["kernel"]))

    def stay(self) -> None:
        """Have the lab outlive the process that started it."""
        self.namespace.ask("stay")

    def states(self) -> dict[str, str]:
        """Each machine: on, frozen or off."""
        states = self.namespace.ask("states")
        return {name: states[name] for name in self.cluster.machines}

    def poweron(self, machine: str) -> None:
        """Switch a machine on."""
        self.namespace.ask("on", machine)

    def poweroff(self, machine: str) -> None:
        """Cut a machine's power."""
        self.namespace.ask("off", machine)

    def freeze(self, machine: str) -> None:
        """Have a machine stand still, as it is."""
        self.namespace.ask("freeze", machine)

    def thaw(self, machine: str) -> None:
        """Have a machine go on that stood still."""
        self.namespace.ask("thaw", machine)

    # In the machines

    def host(self, name: str) -> Host:
        """A machine or VM; raises TandemError where the lab was started without it."""
        try:
            return self.cluster.hosts[name]
        except KeyError:
            raise TandemError(f"{name} is not in the lab, which was started without it") from None

    def start(self, host: str, command: str) -> subprocess.Popen[str]:
        """Start a shell command on a machine or VM, by ssh."""
        address = self.host(host).address
        return subprocess.Popen(
            self.namespace.entering((*self.identity.command(address), command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, host: str, command: str, timeout: float = 60) -> str:
        """Run a shell command on a machine or VM, and what it prints; raises TandemError."""
        return self.ended(host, self.start(host, command), command, timeout)

    def ended(
        self, host: str, started: subprocess.Popen[str], command: str, timeout: float = 60
    ) -> str:
        """Wait until a command has ended that was started, and what it printed.

        Raises TandemError when it fails, or does not end within ``timeout`` (s).
        """
        command = shorten(command, 60, placeholder=" …")
        with started:
            try:
                printed, complaint = started.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                started.kill()
                raise TandemError(f"{host}: no end of it within {timeout:g} s: {command}") from None
        if started.returncode:
            said = (complaint or printed).strip()
            raise TandemError(f"{host}: {command}: {said or f'status {started.returncode}'}")
        return printed

    def keep_journals(self) -> tuple[Path, ...]:
        """Write what each machine noted since it booted into files of the lab's folder."""
        kept = []
        for machine in self.cluster.machines:
            with suppress(TandemError):
                noted = self.run(machine, "journalctl --boot --no-pager --output=short-precise")
                kept.append(self.folder / f"{machine}.journal")
                kept[-1].write_text(noted)
        return tuple(kept)

    def shutdown(self, machine: str) -> None:
        """Have a machine shut down in good order, and switch itself off; it may take a while."""
        self.run(machine, "systemctl poweroff --no-block")

    def await_off(self, machine: str, timeout: float = 120) -> None:
        """Wait until a machine has switched itself off; raises TandemError."""
        self._await(lambda: self.states()[machine] == "off", f"{machine} is not off", timeout)

    def await_ssh(self, host: str, timeout: float = 120) -> None:
        """Wait until a machine or VM lets us in; raises TandemError."""

        def lets_us_in() -> bool:
            if self.states().get(host) == "off":
                raise TandemError(f"{host} has switched itself off: see {self.folder}/{host}.log")
            started = self.start(host, "true")
            started.communicate()
            return started.returncode == 0

        self._await(lets_us_in, f"{host} lets nobody in by ssh", timeout)

    def _await(self, comes: Callable[[], bool], without: str, timeout: float) -> None:
        until = time.monotonic() + timeout
        while not comes():
            if time.monotonic() > until:
                raise TandemError(f"{without} after {timeout:g} s")
            time.sleep(0.2)
