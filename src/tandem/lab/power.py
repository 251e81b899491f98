"""The lab's power switch: a BMC for each machine, on the management link, that speaks IPMI.

So the machines fence each other by the very files that they have on servers. It is OpenIPMI's own
BMC, ``ipmi_sim``; what it switches are the lab's machines.
"""

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tandem.lab.keeper import ask
from tandem.model import Cluster, Machine

_LAN: Final = """\
name "{machine}"
startlan 1
  addr {address} 623
  priv_limit admin
  allowed_auths_admin none md2 md5
  guid {number:032x}
endlan
user 1 true "" "" user 10 none md2 md5
user 2 true "{user}" "{password}" admin 10 md5
chassis_control "{switch}"
"""
_CONTROLLER: Final = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
mc_enable 0x20
"""
_SWITCH: Final = """\
#!/bin/sh
# {name} get|set WHAT [VALUE]
exec {command} "$@"
"""


def bmc_of(machine: Machine) -> str:
    """What the keeper calls the machine's BMC."""
    return f"{machine.name}.bmc"


def make_bmcs(
    cluster: Cluster, passwords: Mapping[str, str], folder: Path
) -> Iterable[tuple[str, tuple[str | Path, ...]]]:
    """Write what the machines' BMCs need, and the name and the command of each."""
    for number, machine in enumerate(cluster.nodes, 1):
        if cluster.fencing != "ipmi" or machine.name not in passwords:
            continue
        own = folder / bmc_of(machine)
        own.mkdir(exist_ok=True)
        switch = own / "switch"
        command = (sys.executable, "-m", "tandem.lab.power", str(folder), machine.name)
        switch.write_text(_SWITCH.format(name=switch.name, command=shlex.join(command)))
        switch.chmod(0o700)
        (own / "controller").write_text(_CONTROLLER)
        lan = own / "lan"
        lan.touch(0o600)
        lan.write_text(
            _LAN.format(
                machine=machine.name,
                address=machine.fence_address,
                number=number,
                user=machine.fence_user,
                password=passwords[machine.name],
                # As seen from the lab's folder, where the keeper starts its programs.
                switch=switch.relative_to(folder),
            )
        )
        files = ("-c", lan, "-f", own / "controller", "-s", own)
        yield bmc_of(machine), ("ipmi_sim", "-n", *files)


def main(arguments: Sequence[str]) -> None:
    """Do for a BMC what it was asked: say whether the power is on, switch it, or reset."""
    folder, machine, *asked = arguments
    on = ask(Path(folder), "states")[machine] != "off"
    match asked:
        case ["get", "power"]:
            print(f"power:{int(on)}")
        case ["set", "power", "0"]:
            ask(Path(folder), "off", machine)
        case ["set", "power", "1"]:
            ask(Path(folder), "on", machine)
        case ["set", "reset", *_] if on:
            ask(Path(folder), "off", machine)
            ask(Path(folder), "on", machine)


if __name__ == "__main__":
    main(sys.argv[1:])
