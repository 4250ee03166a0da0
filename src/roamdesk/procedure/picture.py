"""A route as a picture: two lanes, a box for each duty, the place of a case in it. Colours are the page's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from roamdesk.procedure.flow import leads, rules_of
from roamdesk.procedure.model import DutyRule, Procedure, Side
from roamdesk.procedure.wording import plain

ROW, BOX_HEIGHT, TOP, MARGIN = 48, 34, 26, 8
COMPACT, LARGE = 250, 760
STANDALONE = (
    "<style>svg{--inset:#f1f3f5;--surface:#fff;--edge:#8a939c;--line:#c3c9cf;--ink:#16191d;--ink-2:#3f464d;"
    "--ink-3:#626a72;--on-ink:#fff;--done:#1d7a46;--waiting:#8a5a00;font-family:system-ui,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{--inset:#1b1f24;--surface:#252a30;--edge:#7d8790;--line:#4a525a;"
    "--ink:#eef1f4;--ink-2:#c5ccd3;--ink-3:#98a1aa;--on-ink:#16191d;--done:#5cc98b;--waiting:#e0ac4d}}</style>"
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a duty's box stands: lane 0 is the MSP's, rows count from 0."""

    rule: DutyRule
    lane: int
    row: int


@dataclass(frozen=True, slots=True)
class Canvas:
    """The measures of one size, in SVG units."""

    width: int

    @property
    def box_width(self) -> int:
        return (self.width - 2 * MARGIN - 16) // 2

    @property
    def letters(self) -> int:
        """How many letters fit into a box, at 12.5 units a letter's height."""
        return (self.box_width - 14) * 10 // 68

    def left(self, lane: int) -> int:
        return MARGIN if lane == 0 else self.width - MARGIN - self.box_width

    def top(self, row: int) -> int:
        return TOP + row * ROW


def svg(
    procedure: Procedure,
    route: str,
    *,
    here: frozenset[str] = frozenset(),
    done: frozenset[str] = frozenset(),
    side: Side | None = None,
    lanes: Mapping[Side, str] | None = None,
    only: frozenset[str] | None = None,
    large: bool = False,
    standalone: bool = False,
) -> str:
    """The route as an SVG element, without style attributes; ``here`` and ``done`` are ids of duty rules.

    ``side`` leaves out what only the other side's desk sees, ``only`` all but these ids. ``standalone`` brings its own
    colours, light and dark.
    Raises StopIteration where there is no such route.
    """
    canvas = Canvas(LARGE if large else COMPACT)
    drawn = procedure.route(route)
    rules = rules_of(procedure, drawn, side)
    spots = _spots(tuple(rule for rule in rules if only is None or rule.id in only))
    height = canvas.top(max((spot.row for spot in spots), default=0) + 1) - ROW + BOX_HEIGHT + 6
    marker = f"ah-{route}-{canvas.width}"
    label = quoteattr(_label(drawn.title, spots, here))
    parts = [
        f'<svg viewBox="0 0 {canvas.width} {height}" role="img" aria-label={label} xmlns="http://www.w3.org/2000/svg">',
        STANDALONE if standalone else "",
        f'<defs><marker id="{marker}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="var(--edge)"/></marker></defs>',
        *(_lane(canvas, lane, height, _lane_name(each, side, lanes)) for lane, each in enumerate(Side)),
        *_arrows(canvas, procedure, spots, marker),
        *(_box(procedure, canvas, spot, here, done, side, large) for spot in spots),
        "</svg>",
    ]
    return "".join(parts)


def _spots(rules: tuple[DutyRule, ...]) -> list[Spot]:
    """Down the page in the order of the file; what crosses over stands beside what it follows."""
    spots: list[Spot] = []
    for rule in rules:
        lane = 0 if rule.owed_by is Side.MSP else 1
        last = spots[-1] if spots else None
        beside = last is not None and last.lane == 0 and lane == 1
        row = 0 if last is None else last.row if beside else last.row + 1
        spots.append(Spot(rule, lane, row))
    return spots


def _label(title: str, spots: list[Spot], here: frozenset[str]) -> str:
    owed = [_short(spot.rule) for spot in spots if spot.rule.id in here]
    return f"{title}; owed now: {', '.join(owed)}" if owed else title


def _lane_name(lane: Side, side: Side | None, lanes: Mapping[Side, str] | None) -> str:
    name = (lanes or {}).get(lane, lane.upper())
    return f"{name} (us)" if lane is side else name


def _lane(canvas: Canvas, lane: int, height: int, name: str) -> str:
    width = canvas.box_width + MARGIN + 4
    left = 0 if lane == 0 else canvas.width - width
    shown = _cut(name, canvas.letters + 2)
    return (
        f'<rect x="{left}" y="0" width="{width}" height="{height}" rx="6" fill="var(--inset)"/>'
        f'<text x="{left + width / 2}" y="17" text-anchor="middle" font-size="12.5" font-weight="650" '
        f'fill="var(--ink-2)">{escape(shown)}</text>'
    )


def _arrows(canvas: Canvas, procedure: Procedure, spots: list[Spot], marker: str) -> list[str]:
    """One arrow into each box, from the nearest duty above that leads to it."""
    places = {spot.rule.id: number for number, spot in enumerate(spots)}
    nearest: dict[int, int] = {}
    for lead in leads(procedure, tuple(spot.rule for spot in spots)):
        source, target = places[lead.source.id], places[lead.target.id]
        if source < target:
            nearest[target] = max(source, nearest.get(target, -1))
    return [
        f'<path d="{_path(canvas, spots[source], spots[target])}" fill="none" stroke="var(--edge)" stroke-width="1.4" '
        f'marker-end="url(#{marker})"/>'
        for target, source in sorted(nearest.items())
    ]


def _path(canvas: Canvas, source: Spot, target: Spot) -> str:
    """Straight to a neighbour, else down the gutter between the lanes or along the outer edge."""
    width, middle = canvas.box_width, BOX_HEIGHT // 2
    from_y, to_y = canvas.top(source.row) + middle, canvas.top(target.row) + middle
    if source.lane != target.lane:
        inner = [canvas.left(0) + width, canvas.left(1)]
        gutter = canvas.width // 2
        end = inner[target.lane] + (-2 if target.lane else 2)
        return (
            f"M{inner[source.lane]} {from_y}H{gutter}V{to_y}H{end}" if from_y != to_y else f"M{inner[0]} {from_y}H{end}"
        )
    if target.row == source.row + 1:
        x = canvas.left(source.lane) + width // 2
        return f"M{x} {canvas.top(source.row) + BOX_HEIGHT}V{canvas.top(target.row) - 2}"
    outer = 2 if source.lane == 0 else canvas.width - 2
    edge = canvas.left(source.lane) + (width if source.lane else 0)
    return f"M{edge} {from_y + 6}H{outer}V{to_y - 6}H{edge + (1 if source.lane else -1)}"


def _box(
    procedure: Procedure,
    canvas: Canvas,
    spot: Spot,
    here: frozenset[str],
    done: frozenset[str],
    side: Side | None,
    large: bool,
) -> str:
    rule, x, y = spot.rule, canvas.left(spot.lane), canvas.top(spot.row)
    waits = rule.id in here and side is not None and rule.owed_by is not side
    title = plain(procedure, rule.do) if large else _short(rule)
    letters = canvas.letters * 9 // 10 if rule.id in here else canvas.letters
    mark = " · waiting" if waits else " · here" if rule.id in here else ""
    under = _some(rule.cites, letters - len(mark)) + mark
    ink, weight, frame = _look(rule.id, here, done, waits)
    tick = (
        f'<path d="m{x + canvas.box_width - 16} {y + 23} 3 3 5-6" fill="none" stroke="var(--done)" stroke-width="2"/>'
    )
    return (
        f"<g><title>{escape(plain(procedure, rule.do))}</title>"
        f'<rect x="{x}" y="{y}" width="{canvas.box_width}" height="{BOX_HEIGHT}" rx="5" {frame}/>'
        f"{tick if rule.id in done and rule.id not in here else ''}"
        f'<text x="{x + 8}" y="{y + 15}" font-size="12.5" font-weight="{weight}" fill="{ink}">'
        f"{escape(_cut(title, letters))}</text>"
        f'<text x="{x + 8}" y="{y + 28}" font-size="12" fill="{ink}">{escape(under)}</text></g>'
    )


def _look(id: str, here: frozenset[str], done: frozenset[str], waits: bool) -> tuple[str, int, str]:
    """Ink, weight and frame: shape says it too, never hue alone."""
    if waits:
        return "var(--ink)", 650, 'fill="var(--surface)" stroke="var(--waiting)" stroke-width="2"'
    if id in here:
        return "var(--on-ink)", 650, 'fill="var(--ink)" stroke="var(--ink)" stroke-width="2"'
    if id in done:
        return "var(--ink-2)", 500, 'fill="var(--surface)" stroke="var(--edge)" stroke-width="1.2"'
    return "var(--ink-3)", 500, 'fill="var(--surface)" stroke="var(--line)" stroke-width="1.2" stroke-dasharray="4 3"'


def _short(rule: DutyRule) -> str:
    return rule.id.replace("_", " ").capitalize()


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip(' ·')}…"


def _some(cites: tuple[str, ...], letters: int) -> str:
    """As many whole numbers as fit, one at least."""
    for shown in range(len(cites), 1, -1):
        text = " · ".join(cites[:shown]) + ("…" if shown < len(cites) else "")
        if len(text) <= letters:
            return text
    return cites[0] + ("…" if len(cites) > 1 else "")
