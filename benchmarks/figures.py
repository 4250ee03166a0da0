"""A figure: a ratio against a floor or a peer that was measured in the same run, and its target."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

REPORT = Path("var/bench.json")


@dataclass(frozen=True)
class Figure:
    """``at_least``: the target is a floor, otherwise a ceiling. ``lowest`` and ``highest`` of the rounds."""

    name: str
    ratio: float
    target: float
    at_least: bool
    detail: str
    lowest: float
    highest: float

    @property
    def reached(self) -> bool:
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def line(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "" if self.reached else "  MISSED"
        spread = f"[{self.lowest:.2f} to {self.highest:.2f}]"
        return f"{self.name:<28}{self.ratio:>8.2f}   {sign} {self.target:<6.2f} {spread:<18} {self.detail}{verdict}"


def figure(name: str, ratios: Sequence[float], target: float, *, at_least: bool, detail: str) -> Figure:
    """The median of the rounds, with their spread."""
    return Figure(name, statistics.median(ratios), target, at_least, detail, min(ratios), max(ratios))


def write(figures: Sequence[Figure]) -> None:
    """All figures as JSON, for whoever compares runs."""
    REPORT.parent.mkdir(exist_ok=True)
    listed = [asdict(one) | {"reached": one.reached} for one in figures]
    REPORT.write_text(json.dumps(listed, indent=2) + "\n", "utf-8")
