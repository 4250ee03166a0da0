"""A kick-off meeting: when it is due, when both sides could meet, who answered what, what was agreed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.partners import meetings
from roamdesk.partners.models import InvitationReply, KickOff, MeetingAction, Partner
from roamdesk.partners.opening import holidays_of
from roamdesk.worktime import is_business_day

ANSWERS = {
    "ACCEPTED": (State.DONE, "Comes"),
    "DECLINED": (State.FAILED, "Does not come"),
    "TENTATIVE": (State.UNKNOWN, "Perhaps"),
    "COUNTER": (State.TODO, "Proposes another time"),
}
SHOWN = 20


@dataclass(frozen=True)
class Slot:
    """``value`` is the begin as ISO 8601 in UTC; ``ours`` and ``theirs`` are by each side's clock."""

    value: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class MeetingRow:
    meeting: KickOff
    state: Mark
    when: str


@dataclass(frozen=True)
class MeetingScreen:
    meeting: KickOff
    state: Mark
    due: str
    when: tuple[str, ...]
    slots: tuple[Slot, ...]
    invited: tuple[tuple[str, Mark, str], ...]
    not_taken: tuple[InvitationReply, ...]
    actions: tuple[MeetingAction, ...]
    to_invite: str
    is_open: bool
    has_begun: bool


def meetings_of(partner: Partner, now: datetime) -> tuple[MeetingRow, ...]:
    """The newest first."""
    found = partner.kick_offs.select_related("version").order_by("-pk")[:SHOWN]
    return tuple(MeetingRow(meeting, state_of(meeting, now), _short(meeting, partner)) for meeting in found)


def state_of(meeting: KickOff, now: datetime) -> Mark:
    """Due, late, scheduled, waiting for its minutes, held, missed or called off."""
    late = now > meetings.due_at(meeting)
    if meeting.state == KickOff.State.DUE:
        return mark(State.OVERDUE, "Not scheduled in time") if late else mark(State.TODO, "To be scheduled")
    if meeting.state == KickOff.State.SCHEDULED:
        begun = meeting.begins_at is not None and meeting.begins_at <= now
        return mark(State.TODO, "Minutes to be written") if begun else mark(State.WAITING, "Scheduled")
    if meeting.state == KickOff.State.HELD:
        return mark(State.DONE, "Held")
    return mark(State.FAILED if meeting.state == KickOff.State.MISSED else State.LATER, meeting.get_state_display())


def meeting_screen(meeting: KickOff, now: datetime) -> MeetingScreen:
    """Runs in the desk's scope."""
    partner = meeting.partner
    is_open = meeting.state in meetings.OPEN
    zones = tuple(dict.fromkeys((partner.desk.zone, partner.zone)))
    replies = list(meeting.replies.all()[:SHOWN])
    invited = meeting.invited or meetings.addresses_to_invite(partner)
    return MeetingScreen(
        meeting=meeting,
        state=state_of(meeting, now),
        due=_due(meeting, now),
        when=tuple(_span(meeting.begins_at, meeting.ends_at, zone) for zone in zones) if meeting.begins_at else (),
        slots=tuple(_slots(meeting, now)) if is_open else (),
        invited=tuple(_answer(meeting, address, replies) for address in meeting.invited),
        not_taken=tuple(reply for reply in replies if reply.verdict != InvitationReply.Verdict.TAKEN),
        actions=tuple(meeting.actions.all()),
        to_invite="\n".join(invited),
        is_open=is_open,
        has_begun=meeting.begins_at is not None and meeting.begins_at <= now,
    )


def _slots(meeting: KickOff, now: datetime) -> Iterable[Slot]:
    desk, partner = meeting.partner.desk, meeting.partner
    for begin, end in meetings.slots(meeting, now):
        ours = _span(begin, end, desk.zone)
        yield Slot(begin.isoformat(), ours, "" if partner.zone == desk.zone else _span(begin, end, partner.zone))


def _due(meeting: KickOff, now: datetime) -> str:
    """In business days of the CPO's calendar (A18)."""
    partner = meeting.partner
    cpo = partner if partner.zone == meeting.zone and partner.plays_cpo else partner.desk
    today = now.astimezone(ZoneInfo(meeting.zone)).date()
    holidays = holidays_of(cpo, now)
    days = [today + timedelta(days=n) for n in range(1, (meeting.due_on - today).days + 1)]
    left = sum(is_business_day(day, holidays) for day in days)
    day = f"{meeting.due_on:%A %d/%m/%Y}"
    if meeting.due_on < today:
        return f"was due by {day}"
    return f"due by {day}, {'today' if meeting.due_on == today else words.counted(left, 'business day') + ' left'}"


def _span(begin: datetime | None, end: datetime | None, zone: str) -> str:
    if begin is None or end is None:
        return ""
    first, last = begin.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    return f"{first:%a %d/%m %H:%M}–{last:%H:%M} {words.place_of(zone)}"


def _short(meeting: KickOff, partner: Partner) -> str:
    return _span(meeting.begins_at, meeting.ends_at, partner.desk.zone) or f"due by {meeting.due_on:%d/%m/%Y}"


def _answer(meeting: KickOff, address: str, replies: list[InvitationReply]) -> tuple[str, Mark, str]:
    state, text = ANSWERS.get(meeting.answers.get(address, ""), (State.WAITING, "No answer yet"))
    comment = next((reply.comment for reply in replies if reply.sender == address and reply.verdict == "taken"), "")
    return address, mark(state, text), comment
