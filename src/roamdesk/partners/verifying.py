"""Lines are tried, by test calls, test mails and in cases; each try raises or lowers the trust in a line."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django_scopes import scopes_disabled

from roamdesk.partners import links, ports
from roamdesk.partners.models import Check, ContactLine, GuestLink, Partner

Result = Check.Result
Channel = ContactLine.Channel
Purpose = ContactLine.Purpose

TRY_AGAIN_AFTER = timedelta(days=90)
"""Half of the 180 days after which a line counts as stale: a failed try leaves time to mend it."""
ANSWER_WITHIN = timedelta(days=5)
"""A test mail that nobody confirmed for that long has failed: a weekend and a holiday lie within."""
TEST_MAILS_AT_ONCE = 50
"""One run of the schedule sends no more: a relay takes many alike for spam."""
TRIED_PURPOSES = (Purpose.FIRST_LEVEL, Purpose.CALL_CENTRE, Purpose.BACK_OFFICE, Purpose.MSP_SUPPORT)

CALL_RESULTS = (Result.WORKED, Result.NO_ANSWER, Result.WRONG_PARTY, Result.NO_LANGUAGE)


class CheckRefused(ValueError):
    """This try cannot be made or noted; nothing was stored. The text says what to do."""


def record_call(line: ContactLine, *, result: str, by: str, at: datetime, note: str = "") -> Check:
    """Note a test call that somebody made ``at`` (UTC). Raises CheckRefused."""
    if line.channel != Channel.PHONE:
        raise CheckRefused(f"{line.value} is no phone number. Send it a test mail.")
    if result not in CALL_RESULTS:
        raise CheckRefused(f"Choose what became of the call: {', '.join(each.label for each in CALL_RESULTS)}.")
    with transaction.atomic():
        check = _check(line.partner, line, Check.Way.TEST_CALL, result, by=by, at=at, note=note)
        _trust(check, how=ContactLine.Way.TEST_CALL)
    return check


def send_test_mail(line: ContactLine, *, by: str, at: datetime) -> Check:
    """Mail the line's address a link to press; the try waits until then. One waits at a time.

    Raises CheckRefused, or ValueError from the outbox where the address cannot be written to.
    """
    if line.channel != Channel.MAIL:
        raise CheckRefused(f"{line.value} is no mail address. Make a test call.")
    with transaction.atomic():
        ContactLine.objects.select_for_update().get(pk=line.pk)
        if waiting := Check.objects.filter(line=line, result=Result.WAITING).first():
            return waiting
        check = _check(line.partner, line, Check.Way.TEST_MAIL, Result.WAITING, by=by, at=at)
        _post_test_mail(check, line.partner, at)
    return check


def _post_test_mail(check: Check, partner: Partner, at: datetime) -> None:
    purpose = GuestLink.Purpose.TEST_MAIL
    _, token = links.make_link(partner, purpose=purpose, about=check.pk, sent_to=check.value, by=check.by, at=at)
    desk = partner.desk
    text = (
        f"Good day,\n\n{desk} has this address as a contact of {partner}. So that a mail reaches somebody when a User "
        f"needs help, {desk} asks once in a while whether it is still right.\n\nOpen this and press the button; no "
        f"account is needed:\n{links.address_of(token)}\n\nIf the address is wrong, tell whoever keeps {partner}'s "
        f"contact form.\n\n{desk}\n"
    )
    ports.post()(
        desk, partner=partner, about=f"check:{check.pk}", key=f"check:{check.pk}", to=[check.value],
        subject=f"Is this address still right? {partner} at {desk}", text=text, at=at,
    )  # fmt: skip


def test_mail_confirmed(check: Check, *, at: datetime) -> Check:
    """Somebody there pressed the button; pressed again it changes nothing."""
    with transaction.atomic():
        locked: Check = Check.objects.select_for_update(of=("self",)).select_related("partner").get(pk=check.pk)
        if locked.result != Result.WORKED:
            _end(locked, Result.WORKED, at, "")
            _trust(locked, how=ContactLine.Way.TEST_MAIL)
    return locked


def close_unanswered(at: datetime) -> int:
    """Test mails that nobody confirmed in time have failed; how many. Runs over every desk."""
    with scopes_disabled(), transaction.atomic():
        waiting = Check.objects.filter(result=Result.WAITING, begun_at__lte=at - ANSWER_WITHIN)
        late = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("partner"))
        for check in late:
            _end(check, Result.NO_ANSWER, at, f"Nobody pressed the button within {ANSWER_WITHIN.days} days.")
            _trust(check)
    return len(late)


def send_due_test_mails(at: datetime) -> int:
    """Mail every address that was not tried for 90 days; how many. Runs over every desk."""
    with scopes_disabled():
        due = untried(ContactLine.objects.filter(channel=Channel.MAIL), at).select_related("partner__desk", "desk")
        sent = 0
        for line in due.order_by("pk")[:TEST_MAILS_AT_ONCE]:
            try:
                send_test_mail(line, by="schedule", at=at)
            except ValueError as refused:
                failed_in_case(line.partner, line.value, result=Result.BOUNCED, words=str(refused), about="", at=at)
            sent += 1
    return sent


def untried(lines: QuerySet[ContactLine], at: datetime) -> QuerySet[ContactLine]:
    """Those a procedure needs and that were neither verified, nor answered, nor tried for 90 days."""
    since = at - TRY_AGAIN_AFTER
    tried = Check.objects.filter(begun_at__gt=since).values("line")
    fresh = Q(verified_at__gt=since) | Q(last_answered_at__gt=since)
    return lines.filter(purpose__in=TRIED_PURPOSES).exclude(fresh).exclude(pk__in=tried.filter(line__isnull=False))


def failed_in_case(partner: Partner, value: str, *, result: str, words: str, about: str, at: datetime) -> None:
    """A call in a case that nobody answered, or a mail that came back, ``at`` (UTC).

    The same happening (``about`` and ``at``) counts once. A number that is in no line of the partner counts nowhere.
    """
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        known = Check.objects.filter(partner=partner, value=value, about=about, begun_at=at, way=Check.Way.IN_A_CASE)
        if known.exists() or not partner.lines.filter(value=value).exists():
            return
        check = _check(partner, None, Check.Way.IN_A_CASE, result, value=value, by="", at=at, note=words, about=about)
        _trust(check)


def mail_came_back(partner: Partner, address: str, *, words: str, about: str, at: datetime) -> None:
    """A test mail that came back ends its try; any other mail counts as one that failed in a case."""
    kind, _, number = about.partition(":")
    check = Check.objects.filter(pk=int(number), way=Check.Way.TEST_MAIL).first() if kind == "check" else None
    if check is None:
        failed_in_case(partner, address, result=Result.BOUNCED, words=words, about=about, at=at)
    elif check.result != Result.BOUNCED:
        with transaction.atomic():
            _end(check, Result.BOUNCED, at, words)
            _trust(check)


def _check(
    partner: Partner,
    line: ContactLine | None,
    way: str,
    result: str,
    *,
    by: str,
    at: datetime,
    value: str = "",
    note: str = "",
    about: str = "",
) -> Check:
    ended = None if result == Result.WAITING else at
    check: Check = Check.objects.create(
        desk_id=partner.desk_id, partner=partner, line=line, value=line.value if line else value, way=way,
        result=result, begun_at=at, ended_at=ended, by=by[:120], note=note[:300], about=about[:60],
    )  # fmt: skip
    return check


def _end(check: Check, result: str, at: datetime, note: str) -> None:
    check.result, check.ended_at, check.note = result, at, note[:300]
    check.save(update_fields=["result", "ended_at", "note"])


def _trust(check: Check, how: str = "") -> None:
    """A line that works is verified; one that fails is doubted, wherever the partner gave the same number."""
    lines = ContactLine.objects.filter(partner=check.partner_id, value=check.value)
    if check.result == Result.WORKED:
        lines.update(
            verified_at=check.ended_at, verified_how=how, last_answered_at=check.ended_at, failures=0,
            last_failed_at=None, last_failure="",
        )  # fmt: skip
        return
    words = check.note or f"{check.get_way_display()}: {check.get_result_display().lower()}"
    newer = Q(last_answered_at__isnull=True) | Q(last_answered_at__lt=check.ended_at)
    lines.filter(newer).update(failures=F("failures") + 1, last_failed_at=check.ended_at, last_failure=words[:200])
