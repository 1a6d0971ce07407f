"""The plot: time per call against payload size, one panel for each engine."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from .contest import ENGINES, SIZES
from .report import ENGINE_TEXT
from .results import Results, ns_text, size_text

# colour, line style, marker, width; colours of one tool go together (Okabe and Ito's palette)
STYLES: dict[str, tuple[str, str, str, float]] = {
    "C loop": ("#222222", "--", "s", 1.6),
    "aiges_native": ("#d55e00", "-", "o", 3.0),
    "ctypes": ("#0072b2", "-", "^", 1.4),
    "ctypes, tuned": ("#0072b2", ":", "^", 1.4),
    "cffi ABI": ("#009e73", "-", "v", 1.4),
    "cffi ABI, tuned": ("#009e73", ":", "v", 1.4),
    "cffi API": ("#56b4e9", "-", "D", 1.4),
    "cffi API, tuned": ("#56b4e9", ":", "D", 1.4),
    "cffi API, C shim": ("#888888", "-.", "x", 1.4),
    "aiges_native, Python engine": ("#cc79a7", "-", "P", 2.0),
    "Python method": ("#cc79a7", ":", "P", 1.4),
}


def tick(nanoseconds: float, _: int) -> str:
    """A power of ten with its unit."""
    number, unit = ns_text(nanoseconds).split()
    return f"{float(number):g} {unit}"


def draw(results: Results, path: Path) -> None:
    """Writes the PNG file."""
    style = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    with plt.style.context(["default", style]):
        figure, panels = plt.subplots(1, 2, figsize=(13, 7), facecolor="white", sharey=False)
        for engine, axes in zip(ENGINES, panels, strict=True):
            for name, (colour, line, marker, width) in STYLES.items():
                cells = results.cells[engine]
                spreads = [cells[size][name].spread for size in SIZES]
                medians = [spread.median for spread in spreads]
                axes.plot(
                    *(SIZES, medians, line),
                    color=colour,
                    marker=marker,
                    linewidth=width,
                    markersize=5,
                    label=name,
                    zorder=3 if name == "aiges_native" else 2,
                )
                lows, highs = [s.low for s in spreads], [s.high for s in spreads]
                axes.fill_between(SIZES, lows, highs, color=colour, alpha=0.12, linewidth=0)
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.set_xticks(SIZES, [size_text(size) for size in SIZES], rotation=35, ha="right")
            axes.minorticks_off()
            low, high = axes.get_ylim()
            axes.set_ylim(10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high)))
            axes.yaxis.set_major_formatter(tick)
            axes.grid(True, color="#dddddd", linewidth=0.7)
            axes.set_xlabel("payload")
            axes.set_title(f"engine “{engine}”: {ENGINE_TEXT[engine]}", fontsize=10.5)
        panels[0].set_ylabel("time per call (median; band: quartiles)")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncol=4, frameon=False)
        figure.suptitle("One exec call with one parameter and one item", fontsize=12)
        figure.tight_layout(rect=(0, 0.12, 1, 1))
        figure.savefig(path, dpi=110)
        plt.close(figure)
