"""A drill as a picture: how long visitors and editors waited, and who got no answer."""

from pathlib import Path

from matplotlib.figure import Figure

from tandem.drill.report import Report

_COLOURS = {"cached": "tab:green", "uncached": "tab:blue", "editors": "tab:purple"}
_LEAST = 0.005
"""The least that is drawn, in seconds: the axis is logarithmic."""


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
                label = f"{kind}{'' if well else ', no answer or an error'}"
                axes.scatter(
                    [at for at, _ in drawn],
                    [took for _, took in drawn],
                    marker=marker,
                    s=30,
                    color=_COLOURS[kind] if well else "tab:red",
                    alpha=0.7,
                    label=label,
                )
    axes.axvline(0, color="black", linewidth=1)
    shown: set[str] = set()
    for event in report.timeline:
        what = event.says.split(":")[0]
        # The first of each kind; the others would hide it.
        if what not in shown:
            shown.add(what)
            axes.axvline(event.after, color="grey", linewidth=0.8, linestyle=":")
            axes.text(
                event.after,
                1.01,
                what,
                transform=axes.get_xaxis_transform(),
                rotation=45,
                fontsize=8,
            )
    axes.set_yscale("log")
    axes.set_xlabel("seconds since the fault")
    axes.set_ylabel("seconds until the answer")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper right")
    figure.suptitle(report.says, fontsize=11)
    figure.savefig(file, dpi=110)
