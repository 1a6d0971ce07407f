"""The plot: one panel of bars for each load."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from .contest import OURS, OURS_PYTHON, OURS_XSF, contestants
from .load import ECHOES, LONE
from .results import Results

OURS_COLOUR, THEIRS_COLOUR = "#d55e00", "#8aa9bf"


def draw(results: Results, path: Path) -> None:
    """Writes the PNG file."""
    names = [c.name for c in contestants()][::-1]  # bars grow upwards from the first
    colours = [
        OURS_COLOUR if name in (OURS, OURS_XSF, OURS_PYTHON) else THEIRS_COLOUR for name in names
    ]
    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with plt.style.context(["default", style]):
        figure, panels = plt.subplots(
            1, len(ECHOES), figsize=(16, 4), facecolor="white", sharey=True
        )
        for load, axes in zip(ECHOES, panels, strict=True):
            cell = results.cells[load.key]
            lone = load == LONE
            scale = 1000 if lone else 1
            spreads = [cell[name].p50 if lone else cell[name].rate for name in names]
            medians = [spread.median / scale for spread in spreads]
            below = [(s.median - s.low) / scale for s in spreads]
            above = [(s.high - s.median) / scale for s in spreads]
            bars = axes.barh(names, medians, color=colours, xerr=[below, above], height=0.7)
            axes.bar_label(bars, [f"{value:,.0f}" for value in medians], padding=4, fontsize=8)
            axes.set_xlim(0, max(medians) * 1.3)
            axes.tick_params(axis="x", labelbottom=False, length=0)
            axes.set_title(load.title, fontsize=9.5)
            axes.set_xlabel("p50, µs (less is better)" if lone else "per second")
        figure.suptitle("Echo of one item, median; line: quartiles", fontsize=11)
        figure.tight_layout()
        figure.savefig(path, dpi=110)
        plt.close(figure)
