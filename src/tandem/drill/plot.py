"""A drill as a picture: how long visitors and editors waited, and who got no answer."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from tandem.drill.report import Report
from tandem.drill.timeline import Event

_COLOURS: Final = {"cached": "tab:green", "uncached": "tab:blue", "editors": "tab:red"}
_LEAST: Final = 0.005
"""The least that is drawn, in seconds: the axis is logarithmic."""
_NEAR: Final = 0.03
"""How near to each other two words may not begin, as a part of the whole time."""


def draw(report: Report, file: Path) -> None:
    """Write it as PNG: seconds until the answer over seconds since the fault."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    axes = figure.subplots()
    answers = {
        kind: [(began, one.seconds, one.well) for began, one in seen.visits]
        for kind, seen in report.seen.items()
    }
    answers["editors"] = [(one.began, one.seconds, one.acknowledged) for one in report.work]
    for kind, points in answers.items():
        for well, marker in ((True, "."), (False, "x")):
            drawn = [(at, max(took, _LEAST)) for at, took, was in points if was is well]
            if drawn:
                label = f"{kind}{'' if well else ', in vain'}"
                axes.scatter(
                    [at for at, _ in drawn],
                    [took for _, took in drawn],
                    marker=marker,
                    s=30,
                    color=_COLOURS[kind],
                    alpha=0.7,
                    label=label,
                )
    axes.axvline(0, color="black", linewidth=1)
    for at, words in _labels(report.timeline, _NEAR * report.lasted):
        axes.axvline(at, color="grey", linewidth=0.8, linestyle=":")
        above = axes.get_xaxis_transform()
        axes.text(at, 1.01, words, transform=above, rotation=30, fontsize=8)
    axes.set_yscale("log")
    axes.set_xlabel("seconds since the fault")
    axes.set_ylabel("seconds until the answer")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper right")
    figure.suptitle(report.says, fontsize=11)
    figure.savefig(file, dpi=110)


def _labels(timeline: Iterable[Event], near: float) -> list[tuple[float, str]]:
    """The first event of each kind, and when (s); those that are near to each other as one."""
    labels: list[tuple[float, str]] = []
    shown: set[str] = set()
    for event in timeline:
        what = event.says.split(":")[0]
        if what in shown:
            continue
        shown.add(what)
        if labels and event.after - labels[-1][0] < near:
            at, words = labels.pop()
            labels.append((at, f"{words}, {what}"))
        else:
            labels.append((event.after, what))
    return labels
