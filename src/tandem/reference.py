"""The reference of the description's options, written from their declarations."""

from tandem.model import SECTIONS
from tandem.model.option import options_of


def reference() -> str:
    """Every section and option, as Markdown."""
    lines = []
    for section, section_type in SECTIONS.items():
        purpose = (section_type.__doc__ or "").split(": ", 1)[1].splitlines()[0]
        lines += [f"## `[{section}]`", "", purpose[0].upper() + purpose[1:], ""]
        lines += ["| option | type | default | meaning |", "| --- | --- | --- | --- |"]
        for name, option in options_of(section_type).items():
            kind = option.kind.name.replace("|", "\\|")
            lines.append(f"| `{name}` | {kind} | {_default(option.default)} | {option.meaning} |")
        lines.append("")
    return "\n".join(lines)


def _default(text: str | None) -> str:
    if text is None:
        return "*required*"
    return f"`{text}`" if text else "*empty*"
