"""Recipes that make the files of one program for a host of the cluster."""

from recipes.described import SOURCE, Described
from tandem.errors import TandemError
from tandem.rendering import File
from tandem.rendering.hosts import program_files, programs_of
from tandem.secrets import secrets_of


class HostFiles(Described):
    """Writes the files of a program below ``parts/<part's name>/``, by their paths on the host.

    Which host it is says ``here.cfg``. A program that the host does not have makes no file, and
    so does a computer that is no host of the cluster.
    """

    program: str

    def files(self) -> tuple[File, ...]:
        """The files of the program, if this host has it."""
        if not self.here.name:
            return ()
        host = self.cluster.hosts[self.here.name]
        programs = [one for one in programs_of(self.cluster, host) if one.name == self.program]
        return tuple(
            file
            for program in programs
            for file in program_files(
                program,
                self.cluster,
                host,
                secrets_of(self.cluster, self.directory, make_missing=False)
                if program.takes_secrets
                else None,
                SOURCE,
            )
        )


class MachineFiles(HostFiles):
    """The same for a program that only machines have: on anything else it is a fault."""

    def files(self) -> tuple[File, ...]:
        """The files of the program, if this machine has it."""
        machines = self.described.machines
        if self.here.name not in machines:
            raise TandemError(
                f"here.cfg: [here] name: {self.here.name!r} is no machine, and [{self.name}] makes"
                f" the files of one: expected {', '.join(machines)}"
            )
        return super().files()
