"""How an option of the description is declared: kind, default, meaning and check, in one place.

The fields of the model's dataclasses are declared with :func:`option`. The reader, the checks of
single values and the reference table in the handbook all go by that declaration.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_network,
)
from re import fullmatch
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A type of option: its name in the reference, and how its text is read.

    ``parse`` raises ValueError with a clause that says what would be right. ``examples`` are two
    texts that mean different things; ``MACHINE`` in them stands for any machine's name.
    """

    name: str
    parse: Callable[[str], T]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Option:
    """The declaration of one option; ``default`` is None where the option is required.

    ``acts`` says what the option does where that is not to be seen in a generated file.
    """

    kind: Kind[Any]
    meaning: str
    default: str | None
    acts: str


class WrongWordError(ValueError):
    """One word of a list is wrong; the message says what would be right."""

    def __init__(self, word: str, expected: str) -> None:
        super().__init__(expected)
        self.word = word


def option(kind: Kind[T], meaning: str, default: str | None = None, *, acts: str = "") -> T:
    """A dataclass field that is an option of the description, ``default`` in its notation."""
    value = MISSING if default is None else kind.parse(default)
    declared: Any = field(
        default=cast(Any, value), metadata={"option": Option(kind, meaning, default, acts)}
    )
    return cast(T, declared)


def options_of(section_type: type) -> dict[str, Option]:
    """The options of a section by the name they have in the description."""
    return {
        f.name.replace("_", "-"): f.metadata["option"]
        for f in fields(section_type)
        if "option" in f.metadata
    }


def _matching(pattern: str, expected: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not fullmatch(pattern, text):
            raise ValueError(f"expected {expected}")
        return text

    return parse


def _address(text: str) -> str:
    try:
        # It takes any text for the zone of an IPv6 address.
        if "%" in text:
            raise ValueError
        return str(ip_address(text))
    except ValueError:
        raise ValueError("expected an IP address such as 10.0.0.21") from None


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError("expected networks such as 10.0.0.0/24 or 192.0.2.7") from None
    # ip_network takes any text for a zone; Apache takes no IPv4 address written as IPv6.
    if isinstance(network, IPv6Network) and ("%" in text or network.network_address.ipv4_mapped):
        raise ValueError("expected networks such as 2001:db8::/48 or 10.0.0.0/24")
    _begins_a_network(text, network)
    if network.num_addresses == 1 and network.network_address.is_unspecified:
        raise ValueError("expected networks such as 10.0.0.0/24: this address is nobody's")
    return str(network)


def _begins_a_network(text: str, network: IPv4Network | IPv6Network) -> None:
    if ip_address(text.split("/")[0]) != network.network_address:
        raise ValueError(f"expected the first address of the network: {network}")


def _network4(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        raise ValueError("expected an IPv4 network such as 10.0.0.0/24") from None
    if not 8 <= network.prefixlen <= 30:
        raise ValueError("expected a prefix length from 8 to 30, as in 10.0.0.0/24")
    _begins_a_network(text, network)
    if not _of_hosts(network.network_address):
        raise ValueError("expected a network of hosts, such as 10.0.0.0/24")
    return network


def _of_hosts(address: IPv4Address) -> bool:
    """Whether hosts have such addresses: no 0.x, no loopback, no multicast, nothing reserved."""
    first = address.packed[0]
    return 0 < first < 224 and first != 127


def _address4(text: str) -> str:
    try:
        address = IPv4Address(text)
    except ValueError:
        raise ValueError("expected an IPv4 address such as 10.0.0.21") from None
    if not _of_hosts(address):
        raise ValueError("expected the IPv4 address of a host, such as 10.0.0.21")
    return text


def _interface4(text: str) -> IPv4Interface:
    address, _, prefix = text.partition("/")
    if not fullmatch("[0-9]{1,2}", prefix) or not 8 <= int(prefix) <= 30:
        raise ValueError(
            "expected an IPv4 address and how long its network's prefix is, from 8 to 30,"
            " such as 198.51.100.10/24"
        )
    return IPv4Interface(f"{_address4(address)}/{int(prefix)}")


def _each(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(_word(parse, word) for word in text.split())


def _word(parse: Callable[[str], T], word: str) -> T:
    try:
        return parse(word)
    except ValueError as error:
        raise WrongWordError(word, str(error)) from None


def _per_machine(parse: Callable[[str], T], example: str) -> Callable[[str], tuple[str, T]]:
    def pair(text: str) -> tuple[str, T]:
        machine, _, value = text.partition(":")
        if not machine or not value:
            raise ValueError(f"expected MACHINE:{example}")
        try:
            return machine, parse(value)
        except ValueError as error:
            raise ValueError(f"after MACHINE: {error}") from None

    return pair


def _mac(text: str) -> str:
    if not fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", text):
        raise ValueError("expected a MAC address such as 00:16:3e:00:00:21")
    if int(text[:2], 16) & 1:
        raise ValueError(
            "expected a host's MAC address, with an even first byte: this is a group's"
        )
    if not int(text.replace(":", ""), 16):
        raise ValueError("expected a MAC address such as 00:16:3e:00:00:21, not all zeros")
    return text.lower()


def _domain(text: str) -> str:
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    last = text.rpartition(".")[2]
    # With a host's name before it the whole has at most 253 characters.
    if len(text) > 200 or not fullmatch(rf"{label}(\.{label})*", text) or not last[0].isalpha():
        raise ValueError(
            "expected a domain in small letters such as example.org, of at most 200 characters"
        )
    if last == "localhost":
        raise ValueError("expected a domain such as example.org: every host has a localhost")
    return text


def _size(text: str) -> int:
    if not fullmatch(r"[1-9][0-9]{0,6}[MGT]", text):
        raise ValueError("expected a size in M, G or T (powers of 1024), such as 20G")
    return int(text[:-1]) * {"M": 1, "G": 1024, "T": 1024**2}[text[-1]]


def optional(kind: Kind[T]) -> Kind[T | None]:
    """The same, or nothing: empty text is None."""
    return Kind(
        f"{kind.name}, or empty", lambda text: kind.parse(text) if text else None, kind.examples
    )


def whole(least: int, most: int, unit: str = "") -> Kind[int]:
    """A whole number from ``least`` to ``most``."""

    def parse(text: str) -> int:
        if not fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            of = unit and f" of {unit}"
            raise ValueError(f"expected a whole number{of} from {least} to {most}")
        return int(text)

    return Kind(f"whole number{unit and f', {unit}'}", parse, (str(least), str(least + 1)))


def seconds(least: float, most: float, step: float = 0.001) -> Kind[float]:
    """A time from ``least`` to ``most`` seconds, in whole ``step`` s."""

    def parse(text: str) -> float:
        if not fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not least <= float(text) <= most:
            raise ValueError(f"expected a number of seconds from {least:g} to {most:g}")
        if abs(float(text) / step - round(float(text) / step)) > 1e-6:
            raise ValueError(f"expected a number of seconds in steps of {step:g}")
        return float(text)

    return Kind("seconds", parse, (f"{least:g}", f"{most:g}"))


def choice(*words: str) -> Kind[str]:
    """One of the given words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected {' or '.join(word or 'nothing' for word in words)}")
        return text

    return Kind(" | ".join(word or "*empty*" for word in words), parse, words)


_name = _matching(
    r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
    "a name of at most 40 small letters, digits and hyphens, first a letter, last no hyphen",
)
_file = _matching(
    r"((?!(.*/)?\.{1,2}$)/?[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*)?",
    "a file's path of letters, digits and . _ + - /, or nothing",
)

name = Kind("name", _name, ("one", "two"))
names = Kind("names", _each(_name), ("MACHINE",))
address = Kind("IP address", _address, ("10.0.0.91", "10.0.0.92"))
networks = Kind("IP networks", _each(_network), ("10.0.0.0/24", "192.0.2.7"))
address4 = Kind(
    "IPv4 address",
    _address4,
    ("10.0.0.91", "10.0.0.92"),
)
addresses4 = Kind("IPv4 addresses", _each(address4.parse), address4.examples)
network4 = Kind("IPv4 network", _network4, ("10.0.0.0/25", "10.0.0.0/26"))
interface4 = Kind(
    "IPv4 address/prefix length", _interface4, ("198.51.100.91/24", "198.51.100.92/24")
)
machine_addresses = Kind(
    "MACHINE:ADDRESS …",
    _each(_per_machine(address4.parse, "ADDRESS pairs such as master:10.0.0.31")),
    ("MACHINE:10.0.0.91", "MACHINE:10.0.0.92"),
)
mac = Kind("MAC address", _mac, ("00:16:3e:00:00:21", "00:16:3e:00:00:22"))
machine_macs = Kind(
    "MACHINE:MAC …",
    _each(_per_machine(_mac, "MAC pairs such as master:00:16:3e:00:00:31")),
    ("MACHINE:00:16:3e:00:00:31", "MACHINE:00:16:3e:00:00:32"),
)
size = Kind("size", _size, ("20G", "30G"))
interface = Kind(
    "network interface",
    _matching(
        r"(?!(lo|all|default|br-service)$)[a-z][A-Za-z0-9_-]{0,13}[A-Za-z0-9]",
        "a network interface of at most 15 characters such as eth0, not lo or our br-service",
    ),
    ("eth0", "eno9"),
)
volume_group = Kind(
    "LVM volume group",
    _matching(
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}",
        "the name of an LVM volume group such as vg0, of letters, digits and _ . -",
    ),
    ("vg0", "data"),
)
device = Kind(
    "block device",
    _matching(
        r"/dev/[A-Za-z0-9_.:-]+(/[A-Za-z0-9_.:-]+)*",
        "the path of a disk or partition such as /dev/sdb",
    ),
    ("/dev/sdb", "/dev/nvme0n1p4"),
)
domain = Kind(
    "domain",
    _domain,
    ("example.org", "example.net"),
)
user = Kind(
    "user name",
    _matching(
        r"[A-Za-z_][A-Za-z0-9_.-]{0,15}",
        "a user name of at most 16 letters, digits and _ . - such as operator",
    ),
    ("operator", "fencer"),
)
file = Kind("file", _file, ("/etc/one", "/etc/two"))
pages = Kind(
    "paths of pages",
    _each(_matching(r"/[A-Za-z0-9_./-]*", "a page's path in a site such as / or /news")),
    ("/", "/news"),
)
port = whole(1, 65535)
text = Kind("text", lambda given: given, ("one", "two"))
