"""Markdown tables, and reports between the markers of a README."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """The lines of a table: texts in its first column, figures in the others."""
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", f"|---|{'---:|' * (len(titles) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def insert(path: Path, benchmark: str, text: str) -> bool:
    """Replaces what is between a benchmark's markers; False if the file does not have them."""
    begin, end = f"<!-- bench:{benchmark}:begin -->", f"<!-- bench:{benchmark}:end -->"
    if not path.is_file():
        return False
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        return False
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
    return True
