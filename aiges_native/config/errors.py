"""What is wrong with a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConfigError(Exception):
    """One or more mistakes in a configuration; every one that was found is in `problems`.

    Attributes:
        problems: one text for each, beginning with where it is: ``aiges.toml:12: …``.
    """

    problems: tuple[str, ...]

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def suggestion(name: str, known: Iterable[str]) -> str:
    """`` (did you mean "x"?)``, or nothing when no known name is near."""
    spelled = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=0.6)
    return f' (did you mean "{spelled[near[0]]}"?)' if near else ""
