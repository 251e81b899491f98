"""The reference of the description's options, written from their declarations."""

from collections.abc import Sequence

from tandem.explain import explain
from tandem.model import SECTIONS, Cluster
from tandem.model.option import options_of

_MANY = 3
"""How many files a row names before it only counts them."""


def reference(clusters: Sequence[Cluster]) -> str:
    """Every section and option, as Markdown.

    Where an option ends up is found out in the first of the clusters in which it does.
    """
    lines = []
    for section, section_type in SECTIONS.items():
        purpose = (section_type.__doc__ or "").split(": ", 1)[1].split("\n\n")[0]
        purpose = " ".join(purpose.split())
        lines += [f"## `[{section}]`", "", purpose[0].upper() + purpose[1:], ""]
        lines += ["| option | type | default | meaning |", "| --- | --- | --- | --- |"]
        for name, option in options_of(section_type).items():
            kind = option.kind.name.replace("|", "\\|")
            meaning = f"{option.meaning} {_effect(clusters, section, name)}"
            lines.append(f"| `{name}` | {kind} | {_default(option.default)} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _default(text: str | None) -> str:
    if text is None:
        return "*required*"
    return f"`{text}`" if text else "*empty*"


def _effect(clusters: Sequence[Cluster], section: str, name: str) -> str:
    acts = options_of(SECTIONS[section])[name].acts
    if acts:
        return f"*{acts[0].upper()}{acts[1:]}.*"
    explained = (explain(cluster, section, name).files for cluster in clusters)
    files = list(next((found for found in explained if found), ()))
    listed = ", ".join(f"`{file}`" for file in files[:_MANY])
    more = f" and {len(files) - _MANY} more" if len(files) > _MANY else ""
    return f"*In* {listed}{more}."
