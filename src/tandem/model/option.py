"""How an option of the description is declared: kind, default, meaning and check, in one place.

The fields of the model's dataclasses are declared with :func:`option`. The reader, the checks of
single values and the reference table in the handbook all go by that declaration.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from ipaddress import ip_address, ip_network
from re import fullmatch
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A type of option: its name in the reference, and how its text is read.

    ``parse`` raises ValueError with a clause that says what would be right.
    """

    name: str
    parse: Callable[[str], T]


@dataclass(frozen=True)
class Option:
    """The declaration of one option; ``default`` is None where the option is required."""

    kind: Kind[Any]
    meaning: str
    default: str | None


def option(kind: Kind[T], meaning: str, default: str | None = None) -> T:
    """A dataclass field that is an option of the description, ``default`` in its notation."""
    value = MISSING if default is None else kind.parse(default)
    declared: Any = field(
        default=cast(Any, value), metadata={"option": Option(kind, meaning, default)}
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
        return str(ip_address(text))
    except ValueError:
        raise ValueError("expected an IP address such as 10.0.0.21") from None


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("expected networks such as 10.0.0.0/24 or 192.0.2.7") from None


def _each(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(parse(word) for word in text.split())


def _machine_address(text: str) -> tuple[str, str]:
    machine, colon, address = text.partition(":")
    if not colon:
        raise ValueError("expected MACHINE:ADDRESS pairs such as master:10.0.0.31")
    return machine, _address(address)


def whole(least: int, most: int, unit: str = "") -> Kind[int]:
    """A whole number from ``least`` to ``most``."""

    def parse(text: str) -> int:
        if not fullmatch(r"-?\d+", text) or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return Kind(f"whole number{unit and f', {unit}'}", parse)


def seconds(least: float, most: float) -> Kind[float]:
    """A time from ``least`` to ``most`` seconds."""

    def parse(text: str) -> float:
        if not fullmatch(r"\d+(\.\d+)?", text) or not least <= float(text) <= most:
            raise ValueError(f"expected a number of seconds from {least:g} to {most:g}")
        return float(text)

    return Kind("seconds", parse)


def choice(*words: str) -> Kind[str]:
    """One of the given words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected {' or '.join(words)}")
        return text

    return Kind(" | ".join(words), parse)


_name = _matching(
    r"[a-z][a-z0-9-]{0,39}", "a name of small letters, digits and hyphens, without dots"
)

name = Kind("name", _name)
names = Kind("names", _each(_name))
address = Kind("IP address", _address)
networks = Kind("IP networks", _each(_network))
machine_addresses = Kind("MACHINE:ADDRESS …", _each(_machine_address))
port = whole(1, 65535)
text = Kind("text", lambda given: given)
