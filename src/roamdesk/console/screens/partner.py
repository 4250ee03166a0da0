"""A partner: what the procedure asks of its contact form, who is reached when, and in which order to dial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.dial import Line, panel_of
from roamdesk.partners.contact_form import FormState, Standing, form_state
from roamdesk.partners.dialling import number_to_dial
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.selectors import WeekRow, week_of
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import Requirement

WEEK = 7 * 24 * 60
LEFT, WIDTH, ROW = 100, 856, 34
SHORT = {
    "First-level line for partners": "First level",
    "MSP call centre": "Call centre",
    "MSP support": "Support",
    "Reference person": "Reference",
}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class RequirementRow:
    mark: Mark
    text: str
    quote: str
    cites: str
    has: str
    hint: str


@dataclass(frozen=True)
class Span:
    x: float
    width: float
    gap: bool


@dataclass(frozen=True)
class CoverRow:
    title: str
    language: str
    y: int
    spans: tuple[Span, ...]
    stale: bool


@dataclass(frozen=True)
class Cover:
    rows: tuple[CoverRow, ...]
    days: tuple[tuple[float, str], ...]
    now_x: float
    now_text: str
    height: int
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class RoleView:
    role: str
    state: Mark
    rows: tuple[RequirementRow, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PartnerScreen:
    partner: Partner
    roles: tuple[RoleView, ...]
    cover: Cover | None
    others: tuple[ContactLine, ...]
    ids: str


def partner_screen(partner: Partner, procedure: Procedure, now: datetime, zone: str, language: str) -> PartnerScreen:
    """The whole page. Runs in the desk's scope."""
    lines = list(partner.lines.all())
    roles = partner.roles
    views = tuple(_role(partner, role, lines, procedure, now, zone, language) for role in roles)
    dialled = {line.pk for view in views for line in view.lines}
    return PartnerScreen(
        partner=partner,
        roles=views,
        cover=_cover(partner, lines, procedure, roles, now),
        others=tuple(line for line in lines if line.pk not in dialled),
        ids=", ".join([*partner.operator_ids, *partner.provider_ids, *partner.evse_prefixes]),
    )


def _role(
    partner: Partner, role: str, lines: list[ContactLine], procedure: Procedure, now: datetime, zone: str, language: str
) -> RoleView:
    state = form_state(partner, role, procedure, lines, now)
    lacking = {gap.gap: gap.why for gap in state.gaps}
    old = {gap.gap for gap in state.old}
    needs = procedure.readiness.get(role, ())
    mine = [line for line in lines if line.role == role]
    rows = tuple(_requirement(need, lacking.get(need.gap, ""), need.gap in old, mine, procedure, now) for need in needs)
    dial = number_to_dial(partner, f"{role}_cc", now, language)
    return RoleView(
        words.SIDES[role], standing_mark(state, len(needs)), rows, panel_of(partner.name, dial, now, zone).lines
    )


def standing_mark(state: FormState, needs: int) -> Mark:
    """Ready, stale or not ready, with how much is missing."""
    if state.standing is Standing.NOT_READY:
        return mark(State.OVERDUE, f"Not ready: {len(state.gaps)} of {needs} missing")
    if state.standing is Standing.STALE:
        return mark(State.UNKNOWN, f"Stale: {len(state.old)} to confirm")
    return mark(State.DONE, "Ready")


def _requirement(
    need: Requirement, why: str, stale: bool, lines: list[ContactLine], procedure: Procedure, now: datetime
) -> RequirementRow:
    given = [line for line in lines if line.purpose == need.purpose and need.channel in ("", line.channel)]
    quote = next((procedure.statements[number] for number in need.cites if number in procedure.statements), "")
    values = ", ".join(dict.fromkeys(line.person_name or words.phone(line.value) for line in given))
    newest = max((line.verified_at for line in given if line.verified_at), default=None)
    return RequirementRow(
        mark=mark(State.OVERDUE, "Gap") if why else mark(State.UNKNOWN, "Stale") if stale else mark(State.DONE, "Met"),
        text=need.text,
        quote=quote,
        cites=", ".join(need.cites),
        has=why or values or "Given",
        hint=f"verified {words.ago(newest, now)}" if newest else "never verified" if given else "",
    )


def _cover(
    partner: Partner, lines: list[ContactLine], procedure: Procedure, roles: list[str], now: datetime
) -> Cover | None:
    week = [row for row in week_of(partner) if row.role in roles]
    if not week:
        return None
    asked = _asked_always(procedure, roles)
    rows = tuple(_cover_row(row, n, asked, lines, now) for n, row in enumerate(week))
    local = now.astimezone(ZoneInfo(partner.zone))
    minute = local.weekday() * 1440 + local.hour * 60 + local.minute
    monday = (local - timedelta(days=local.weekday())).date()
    days = tuple(
        (round(LEFT + n * WIDTH / 7, 1), f"{day} {(monday + timedelta(days=n)).day}") for n, day in enumerate(DAYS)
    )
    gaps = tuple(_gap_words(row) for row in week if _is_asked(row, asked) and row.gaps)
    return Cover(rows, days, _x(minute), local.strftime("%H:%M"), 60 + len(rows) * ROW, gaps)


def _asked_always(procedure: Procedure, roles: list[str]) -> set[tuple[str, str, str, str]]:
    """What the procedure wants round the clock: role, purpose, channel, language."""
    return {
        (role, need.purpose, need.channel, need.language)
        for role in roles
        for need in procedure.readiness.get(role, ())
        if need.hours == "24/7"
    }


def _is_asked(row: WeekRow, asked: set[tuple[str, str, str, str]]) -> bool:
    return (row.role, row.purpose, row.channel, row.language) in asked


def _cover_row(
    row: WeekRow, n: int, asked: set[tuple[str, str, str, str]], lines: list[ContactLine], now: datetime
) -> CoverRow:
    spans = [Span(_x(span[0]), _width(span), False) for span in row.open]
    if _is_asked(row, asked):
        spans += [Span(_x(span[0]), _width(span), True) for span in row.gaps]
    theirs = [line for line in lines if (line.role, line.purpose, line.channel) == (row.role, row.purpose, row.channel)]
    stale = all(words.is_stale("contact", line.verified_at, now) for line in theirs)
    title = str(ContactLine.Purpose(row.purpose).label)
    way = "phone" if row.channel == "phone" else "mail"
    return CoverRow(
        SHORT.get(title, title.split(",")[0]),
        f"{way}, {words.language(row.language)}",
        32 + n * ROW,
        tuple(spans),
        stale,
    )


def _gap_words(row: WeekRow) -> str:
    spans = ", ".join(f"{_moment(begin)}–{_moment(end)}" for begin, end in row.gaps[:8])
    return f"No {words.language(row.language)} by {row.channel}: {spans}"


def _moment(minute: int) -> str:
    day, rest = divmod(minute, 1440)
    if rest == 0 and day:
        return f"{DAYS[(day - 1) % 7]} 24:00"
    return f"{DAYS[day % 7]} {rest // 60:02}:{rest % 60:02}"


def _x(minute: int) -> float:
    return round(LEFT + minute / WEEK * WIDTH, 1)


def _width(span: tuple[int, int]) -> float:
    return round((span[1] - span[0]) / WEEK * WIDTH, 1)
