"""What is left for the partner manager, worked out from what is stored: a task ends when its fact changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q

from roamdesk.desks.models import Desk
from roamdesk.partners.dialling import STALE_AFTER
from roamdesk.partners.models import Acknowledgement, ContactLine, FormSubmission, KickOff, Partner
from roamdesk.partners.numbers import shown
from roamdesk.partners.verifying import TRY_AGAIN_AFTER, untried

DOUBTED_AFTER = {ContactLine.Channel.PHONE: 2, ContactLine.Channel.MAIL: 1}
"""One call that nobody answers happens to the best; a mail that comes back does not mend itself."""
REMIND_AFTER = timedelta(days=10)
CALL_WITHIN = timedelta(days=7)
SHOWN = 200


class Kind(StrEnum):
    """In the order of urgency."""

    DOUBT = "doubt"
    KICK_OFF = "kick_off"
    SUBMISSION = "submission"
    CONFIRM = "confirm"
    TEST_CALL = "test_call"
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True)
class Task:
    """``about`` is the row that it is about: a line, a form that came in, a meeting, an acknowledgement.

    Instants are UTC; ``since`` is None for what never was any better.
    """

    partner: Partner
    kind: Kind
    text: str
    since: datetime | None
    due_at: datetime | None = None
    about: int | None = None


def tasks_of(desk: Desk, at: datetime) -> list[Task]:
    """The desk's tasks as of ``at`` (UTC), the most urgent kind first; at most 200 of each kind."""
    return [
        *_doubts(desk),
        *_meetings(desk, at),
        *_submissions(desk),
        *_confirmations(desk, at),
        *_test_calls(desk, at),
        *_acknowledgements(desk, at),
    ]


def _doubts(desk: Desk) -> Iterator[Task]:
    doubted = Q()
    for channel, often in DOUBTED_AFTER.items():
        doubted |= Q(channel=channel, failures__gte=often)
    lines = ContactLine.objects.filter(doubted, desk=desk).select_related("partner").order_by("-last_failed_at")
    for line in lines[:SHOWN]:
        times = f" {line.failures} times in a row" if line.failures > 1 else ""
        text = f"{shown(line.value)} failed{times}: {line.last_failure}. Find out what is right."
        yield Task(line.partner, Kind.DOUBT, text, line.last_failed_at, about=line.pk)


def _meetings(desk: Desk, at: datetime) -> Iterator[Task]:
    open_ones = KickOff.objects.filter(desk=desk, state__in=[KickOff.State.DUE, KickOff.State.SCHEDULED])
    for meeting in open_ones.select_related("partner").order_by("due_on")[:SHOWN]:
        zone = ZoneInfo(meeting.zone)
        ends = datetime.combine(meeting.due_on + timedelta(days=1), time(), zone).astimezone(UTC)
        past = meeting.ends_at is not None and meeting.ends_at <= at
        if meeting.state == KickOff.State.SCHEDULED and not past:
            continue
        what = (
            "Write the minutes of the kick-off meeting, or say that it was missed"
            if past
            else (f"Schedule the kick-off meeting: it is due by {meeting.due_on:%d/%m/%Y}")
        )
        yield Task(meeting.partner, Kind.KICK_OFF, f"{what}.", meeting.demanded_at, ends, meeting.pk)


def _submissions(desk: Desk) -> Iterator[Task]:
    sent = FormSubmission.objects.filter(desk=desk, state=FormSubmission.State.SENT).select_related("partner")
    for form in sent.order_by("sent_at")[:SHOWN]:
        text = f"The contact form as {form.role.upper()} came in from {form.filled_in_by}. Accept it or send it back."
        yield Task(form.partner, Kind.SUBMISSION, text, form.sent_at or form.saved_at, about=form.pk)


def _confirmations(desk: Desk, at: datetime) -> Iterator[Task]:
    """One for each partner with a line that was not verified for 180 days, or never (A11)."""
    old = Q(lines__verified_at__isnull=True) | Q(lines__verified_at__lt=at - STALE_AFTER)
    found = Partner.objects.filter(desk=desk).annotate(
        old=Count("lines", filter=old), oldest=Min("lines__verified_at", filter=old)
    )
    for partner in found.filter(old__gt=0).order_by("oldest", "name")[:SHOWN]:
        what = "1 line was" if partner.old == 1 else f"{partner.old} lines were"
        text = f"{what} not confirmed for {STALE_AFTER.days} days. Send the link to the form, or confirm them."
        since = partner.oldest + STALE_AFTER if partner.oldest else None
        yield Task(partner, Kind.CONFIRM, text, since)


def _test_calls(desk: Desk, at: datetime) -> Iterator[Task]:
    asked = (ContactLine.Purpose.FIRST_LEVEL, ContactLine.Purpose.CALL_CENTRE)
    phones = ContactLine.objects.filter(desk=desk, channel=ContactLine.Channel.PHONE, purpose__in=asked)
    for line in untried(phones, at).select_related("partner").order_by("verified_at", "pk")[:SHOWN]:
        last = max((known for known in (line.verified_at, line.last_answered_at) if known), default=None)
        since = last + TRY_AGAIN_AFTER if last else None
        text = f"Nobody tried {shown(line.value)} for {TRY_AGAIN_AFTER.days} days. Make a test call."
        yield Task(line.partner, Kind.TEST_CALL, text, since, since + CALL_WITHIN if since else None, line.pk)


def _acknowledgements(desk: Desk, at: datetime) -> Iterator[Task]:
    silent = Acknowledgement.objects.filter(desk=desk, acknowledged_at__isnull=True, made_at__lte=at - REMIND_AFTER)
    for one in silent.select_related("partner", "publication__version").order_by("pk")[:SHOWN]:
        how = "Remind it" if one.sent_to else "It has no address: ask by phone"
        text = f"{one.publication.version} is not acknowledged. {how}."
        yield Task(one.partner, Kind.ACKNOWLEDGE, text, one.made_at, about=one.pk)
