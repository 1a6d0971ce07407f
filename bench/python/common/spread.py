"""How the rounds of a measurement scatter."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles and extremes."""

    median: float
    low: float  # first quartile
    high: float  # third quartile
    minimum: float
    maximum: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Of at least two values."""
        first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(middle, first, third, min(values), max(values))

    @property
    def half(self) -> float:
        """Half the distance of the quartiles, as a share of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0
