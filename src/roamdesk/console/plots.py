"""Geometry of the board's plots: numbers in, coordinates out. Pure; the templates print them as SVG attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from roamdesk.console import words
from roamdesk.reports.figures import Outcome, RouteCount, UnlockCount

WIDE, NARROW = 600, 400
ROW, BAR = 31, 22
FLOOR, ROOF = 150, 20
LEFT = 24


@dataclass(frozen=True)
class Bar:
    """A rectangle; ``fill`` names its meaning: bar, late, done, failed, unknown."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    label: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    width: int
    height: int
    bars: tuple[Bar, ...] = ()
    labels: tuple[Text, ...] = ()
    values: tuple[Text, ...] = ()
    ticks: tuple[Text, ...] = ()
    grid: tuple[Text, ...] = ()
    marks: tuple[Bar, ...] = ()
    target: float | None = None
    target_text: str = ""


def by_route(counts: Sequence[RouteCount]) -> Plot:
    """Horizontal bars: in time, then what is overdue."""
    most = max((count.open for count in counts), default=1)
    unit = 190 / most
    bars, labels, values = [], [], []
    for n, count in enumerate(counts):
        y = 4 + n * ROW
        in_time, late = (count.open - count.late) * unit, count.late * unit
        bars += [Bar(165, y, round(in_time, 1), BAR, "bar")] if in_time else []
        bars += [Bar(round(165 + in_time + 1.5, 1), y, round(late, 1), BAR, "late")] if late else []
        labels.append(Text(0, y + 16, count.title if len(count.title) < 24 else f"{count.title[:22]}…"))
        values.append(Text(round(165 + in_time + late + 9, 1), y + 16, str(count.open)))
    return Plot(NARROW, max(1, len(counts)) * ROW + 6, tuple(bars), tuple(labels), tuple(values))


def times(told: Sequence[Outcome]) -> Plot:
    """How long outcomes took, in bars of two minutes up to 26; the last one holds all that took longer."""
    counts = [0] * 13
    late = [0] * 13
    for outcome in told:
        at = min(12, int(outcome.took / timedelta(minutes=2)))
        counts[at] += 1
        late[at] += outcome.late
    most = max(counts, default=0) or 1
    unit = (FLOOR - ROOF) / most
    bars = []
    for n, count in enumerate(counts):
        fill = "late" if late[n] and late[n] == count else "bar"
        bars += [Bar(28 + 28 * n, round(FLOOR - count * unit, 1), 24, round(count * unit, 1), fill)] if count else []
    target = told[0].target / timedelta(minutes=2) * 28 + 26 if told else None
    ticks = tuple(Text(26 + 28 * n, 167, str(2 * n)) for n in range(0, 13, 2))
    minutes = round(told[0].target.total_seconds() / 60) if told else 0
    return Plot(
        NARROW, 190, tuple(bars), ticks=ticks, grid=_grid(most), target=target, target_text=f"target {minutes} min"
    )


def unlocks(counts: Sequence[UnlockCount]) -> Plot:
    """Shares of each result in per cent of the attempts, one row a partner."""
    bars, labels = [], []
    for n, count in enumerate(counts):
        y, x = 4 + n * ROW, 104.0
        labels.append(Text(0, y + 16, count.partner if len(count.partner) < 14 else f"{count.partner[:12]}…"))
        for fill, part in (("done", count.ok), ("failed", count.failed), ("unknown", count.unknown)):
            width = 288 * part / count.total
            if part:
                bars.append(Bar(round(x, 1), y, round(width - 1.5, 1), BAR, fill, str(part) if width > 30 else ""))
            x += width
    height = max(1, len(counts)) * ROW + 28
    return Plot(NARROW, height, tuple(bars), tuple(labels), ticks=(Text(104, height - 6, "0"),))


def hours(counts: Sequence[tuple[datetime, int]], zone: str) -> Plot:
    """Calls in each hour of the last day, hours of the zone below."""
    most = max((count for _, count in counts), default=0) or 1
    unit = (FLOOR - ROOF) / most
    bars = tuple(
        Bar(round(28 + 23.6 * n, 1), round(FLOOR - count * unit, 1), 18, round(count * unit, 1), "bar")
        for n, (_, count) in enumerate(counts)
        if count
    )
    ticks = tuple(
        Text(round(37 + 23.6 * n, 1), 167, words.clock_time(at, zone)[:2])
        for n, (at, _) in enumerate(counts)
        if n % 3 == 0
    )
    return Plot(WIDE, 190, bars, ticks=ticks, grid=_grid(most))


def each_outcome(told: Sequence[Outcome]) -> Plot:
    """One mark a case: minutes from asking to outcome, one row a partner; what took over 40 stands at the edge."""
    partners = list(dict.fromkeys(outcome.partner for outcome in told))[:8]
    rows = {partner: 26 + n * 34 for n, partner in enumerate(partners)}
    marks = tuple(
        Bar(round(100 + min(40.0, outcome.took.total_seconds() / 60) * 12.2, 1), rows[outcome.partner], 0, 0,
            "late" if outcome.late else "bar", outcome.reference)
        for outcome in told
        if outcome.partner in rows
    )  # fmt: skip
    labels = tuple(Text(0, y + 5, partner if len(partner) < 14 else f"{partner[:12]}…") for partner, y in rows.items())
    floor = max(1, len(partners)) * 34 + 14
    ticks = tuple(Text(100 + 122 * n, floor + 17, str(10 * n)) for n in range(5))
    target = 100 + told[0].target.total_seconds() / 60 * 12.2 if told else None
    text = str(round(told[0].target.total_seconds() / 60)) if told else ""
    return Plot(WIDE, floor + 40, labels=labels, ticks=ticks, marks=marks, target=target, target_text=text)


def _grid(most: int) -> tuple[Text, ...]:
    """Lines at round numbers, at most four."""
    step = max(1, ceil(most / 4))
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if each >= step)
    unit = (FLOOR - ROOF) / most
    return tuple(Text(18, round(FLOOR - n * unit, 1), str(n)) for n in range(step, most + 1, step))
