"""Kick-off meetings (S6, A18): demanded, scheduled by invitation, answered, held or missed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.partners import inviting
from roamdesk.partners.addresses import AddressRefused, mail_address
from roamdesk.partners.models import ContactLine, KickOff, MeetingAction, Partner
from roamdesk.partners.opening import holidays_of, zone_of
from roamdesk.partners.procedures import procedure_at, version_between
from roamdesk.procedure.readiness import kick_off_due
from roamdesk.worktime import Office, OpeningHours, common_slots

State = KickOff.State
OPEN = (State.DUE, State.SCHEDULED)
LENGTH = timedelta(hours=1)
LONGEST = timedelta(hours=8)
NOTICE = timedelta(hours=4)
"""Nobody is asked to a meeting that begins before the invitation is read."""
LATER = timedelta(days=14)
"""How far ahead slots are looked for once the due day has passed."""
OFFICE_HOURS = OpeningHours.parse("business")


class MeetingRefused(ValueError):
    """The meeting stays as it is; the text says why and what to do."""


@dataclass(frozen=True)
class AgreedAction:
    text: str
    owner: str
    due_on: date | None = None


def demand(partner: Partner, *, we_are: str = "", by: str, at: datetime) -> KickOff:
    """The MSP requires a kick-off meeting as of ``at`` (UTC): the CPO owes it in its own business days (S6, A18).

    How many they are says the version in force between the two. ``we_are`` is ``msp`` or ``cpo``; empty where only one
    fits. Demanded twice it is one. Raises MeetingRefused.
    """
    cpo: Partner | Desk = partner.desk if _side(partner, we_are) == "cpo" else partner
    zone = zone_of(cpo.zone)
    demanded_on = at.astimezone(zone).date()
    version = version_between(partner.desk, partner, at)
    try:
        due_on = kick_off_due(procedure_at(version.pk), demanded_on, holidays_of(cpo, at))
    except ValueError as refused:
        raise MeetingRefused(str(refused)) from None
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        standing = KickOff.objects.filter(partner=partner, version=version, state__in=OPEN).first()
        return standing or KickOff.objects.create(
            desk_id=partner.desk_id,
            partner=partner,
            version=version,
            demanded_at=at,
            demanded_by=by[:120],
            due_on=due_on,
            zone=zone.key,
            uid=f"kick-off-{uuid.uuid4()}@{partner.desk.mail_from.rpartition('@')[2]}",
        )


def _side(partner: Partner, we_are: str) -> str:
    desk = partner.desk
    fits = [
        side
        for side, ours, theirs in (
            ("msp", desk.plays_msp, partner.plays_cpo),
            ("cpo", desk.plays_cpo, partner.plays_msp),
        )
        if ours and theirs
    ]
    if we_are in fits:
        return we_are
    if len(fits) != 1 or we_are:
        raise MeetingRefused(f"Say as what {desk} meets {partner}: {' or '.join(fits).upper() or 'no side fits'}.")
    return fits[0]


def due_at(meeting: KickOff) -> datetime:
    """The end of the due day in the CPO's zone, as UTC."""
    midnight = datetime.combine(meeting.due_on + timedelta(days=1), time(), ZoneInfo(meeting.zone))
    return midnight.astimezone(UTC)


def slots(meeting: KickOff, at: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Hours (UTC) in which both sides' offices are staffed, until the due day or, once it passed, for 14 days."""
    end = due_at(meeting)
    begin = at + NOTICE
    sides: tuple[Partner | Desk, ...] = (meeting.partner, meeting.partner.desk)
    offices = [Office(zone_of(side.zone), OFFICE_HOURS, holidays_of(side, at)) for side in sides]
    return common_slots(offices, begin, end if begin + LENGTH <= end else begin + LATER, LENGTH)


def addresses_to_invite(partner: Partner) -> list[str]:
    """The partner's reference persons, else its back office."""
    mails = partner.lines.filter(channel=ContactLine.Channel.MAIL)
    for purpose in (ContactLine.Purpose.REFERENCE_PERSON, ContactLine.Purpose.BACK_OFFICE):
        if found := list(dict.fromkeys(mails.filter(purpose=purpose).values_list("value", flat=True))):
            return found
    return []


def schedule(
    meeting: KickOff,
    *,
    begins_at: datetime,
    ends_at: datetime,
    place: str,
    invited: Sequence[str],
    seen: int,
    by: str,
    at: datetime,
) -> KickOff:
    """Invite by mail to a time (aware UTC); a second time it is an update, and who is left out gets a cancellation.

    ``seen`` is the sequence that whoever schedules has seen. Raises MeetingRefused.
    """
    wanted = _invited(invited)
    place = " ".join(place.split())
    _refuse_time(begins_at, ends_at, at)
    if len(place) > 200 or not place.isprintable():
        raise MeetingRefused("A place has at most 200 characters on one line. Shorten it.")
    with transaction.atomic():
        locked = _open_one(meeting, seen)
        again = locked.state == State.SCHEDULED
        left_out = [address for address in locked.invited if address not in wanted] if again else []
        if again and (locked.begins_at, locked.ends_at, locked.place, locked.invited) == (
            begins_at, ends_at, place, wanted,
        ):  # fmt: skip
            return locked
        locked.sequence += again
        inviting.send_cancellation(locked, left_out, by=by, at=at)
        locked.state, locked.begins_at, locked.ends_at, locked.place = State.SCHEDULED, begins_at, ends_at, place
        locked.invited, locked.answers = wanted, {}
        locked.save()
        inviting.send_invitation(locked, by=by, at=at)
    return locked


def call_off(meeting: KickOff, *, reason: str, by: str, at: datetime) -> KickOff:
    """It does not take place and is not owed any more; whoever was invited is told. Raises MeetingRefused."""
    reason = " ".join(reason.split())
    if not reason:
        raise MeetingRefused("Say in a few words why it is called off: the invited read it.")
    with transaction.atomic():
        locked = _open_one(meeting)
        if locked.state == State.SCHEDULED:
            locked.sequence += 1
            locked.reason = reason[:300]
            inviting.send_cancellation(locked, locked.invited, by=by, at=at)
        _end(locked, State.CANCELLED, reason, by)
    return locked


def hold(meeting: KickOff, *, minutes: str, actions: Iterable[AgreedAction], by: str, at: datetime) -> KickOff:
    """It took place; ``minutes`` and the actions that were agreed are kept. Raises MeetingRefused."""
    agreed = [action for action in actions if action.text.strip()]
    if not minutes.strip():
        raise MeetingRefused("Write the minutes: what was agreed, and by whom.")
    if lacking := [action.text for action in agreed if not action.owner.strip()]:
        raise MeetingRefused(f"Who does {lacking[0][:60]!r}? Write a name beside each action.")
    with transaction.atomic():
        locked = _open_one(meeting)
        if locked.begins_at is None or locked.begins_at > at:
            raise MeetingRefused("It has not begun yet. Write the minutes once it took place.")
        locked.minutes, locked.held_at = minutes.replace("\x00", "").strip(), locked.begins_at
        _end(locked, State.HELD, "", by)
        MeetingAction.objects.bulk_create(
            MeetingAction(
                desk_id=locked.desk_id, meeting=locked, text=action.text.strip()[:300],
                owner=action.owner.strip()[:80], due_on=action.due_on,
            )
            for action in agreed
        )  # fmt: skip
    return locked


def miss(meeting: KickOff, *, reason: str, by: str, at: datetime) -> KickOff:
    """It was scheduled and did not take place; a new one can be demanded. Raises MeetingRefused."""
    with transaction.atomic():
        locked = _open_one(meeting)
        if locked.begins_at is None or locked.begins_at > at:
            raise MeetingRefused("It has not begun yet. Call it off, or schedule it anew.")
        _end(locked, State.MISSED, " ".join(reason.split()), by)
    return locked


def complete_action(action: MeetingAction, *, at: datetime) -> None:
    """Done; a second time changes nothing."""
    MeetingAction.objects.filter(pk=action.pk, done_at__isnull=True).update(done_at=at)


def _end(meeting: KickOff, state: str, reason: str, by: str) -> None:
    meeting.state, meeting.reason, meeting.ended_by = state, reason[:300], by[:120]
    meeting.save()


def _open_one(meeting: KickOff, seen: int | None = None) -> KickOff:
    """The row, locked, while nothing ended it. Raises MeetingRefused."""
    locked: KickOff = (
        KickOff.objects.select_for_update(of=("self",)).select_related("partner__desk", "desk").get(pk=meeting.pk)
    )
    if locked.state not in OPEN:
        raise MeetingRefused(f"This meeting is {locked.get_state_display().lower()}. Demand a new one.")
    if seen is not None and locked.sequence != seen:
        raise MeetingRefused("Somebody changed this meeting meanwhile. Look at it again.")
    return locked


def _refuse_time(begins_at: datetime, ends_at: datetime, at: datetime) -> None:
    if not timedelta() < ends_at - begins_at <= LONGEST:
        raise MeetingRefused(f"A meeting ends after it begins, within {LONGEST // timedelta(hours=1)} hours.")
    if begins_at <= at:
        raise MeetingRefused("This time has passed. Choose one that is to come.")


def _invited(addresses: Sequence[str]) -> list[str]:
    try:
        wanted = list(dict.fromkeys(mail_address(address.strip()) for address in addresses if address.strip()))
    except AddressRefused as refused:
        raise MeetingRefused(str(refused)) from None
    if not wanted or len(wanted) > 50:
        raise MeetingRefused("Invite 1 to 50 addresses, one of the partner's at least.")
    return wanted
