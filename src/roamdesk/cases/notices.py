"""Notices and requests: composed from the case and the procedure's template, sent once, told when accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django_scopes import scope

from roamdesk.cases.actors import CLOCK, RELAY, Actor
from roamdesk.cases.bouncing import take_back_what_bounced
from roamdesk.cases.changing import about, changing, check_version
from roamdesk.cases.errors import BudgetUsedUp, NoticeIncomplete, Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.reaching import RECIPIENTS, recipients, still_tells, told_by
from roamdesk.cases.services import record
from roamdesk.cases.settling import changed, next_clock, plan_of
from roamdesk.cases.snapshot import facts_of
from roamdesk.cases.telling import note as noted
from roamdesk.cases.threading import thread_of
from roamdesk.cases.words import fill_mail, full
from roamdesk.correspondence import conversations
from roamdesk.correspondence import services as correspondence
from roamdesk.correspondence.addresses import MailRefused
from roamdesk.correspondence.budgets import UsedUp
from roamdesk.correspondence.enclosing import File
from roamdesk.correspondence.models import Message
from roamdesk.procedure import Facts
from roamdesk.procedure.exchange import CONTENT_TYPE, FILE_NAME, write_sent
from roamdesk.procedure.model import Channel, DutyRule, Kind, MessageTemplate, Side
from roamdesk.procedure.template import FilledField
from roamdesk.procedure.template import fill as fill_template


@dataclass(frozen=True)
class Notice:
    """A mail as it would leave now. ``missing`` names fields and recipients it still lacks."""

    rule: DutyRule
    subject: str
    opening: str
    fields: tuple[FilledField, ...]
    to: dict[str, list[str]]
    missing: tuple[str, ...]

    @property
    def recipients(self) -> list[str]:
        return list(dict.fromkeys(address for group in self.to.values() for address in group))


def compose(case: Case, rule_id: str) -> Notice:
    """The notice of a mail duty, by the template. The User's phone number is never in it.

    Raises Refused where the rule sends no mail.
    """
    procedure = procedure_of(case)
    rule = procedure.duty(rule_id)
    message = procedure.messages.get(rule.message)
    if message is None:
        raise Refused("This duty sends no mail.")
    fields = tuple(_worded(case, message, field) for field in template_fields(case))
    to = recipients(case, message)
    lacking = [field.title for field in fields if field.missing]
    lacking += [procedure.facts[name].title for name in _missing(case, rule)]
    partner = case.partner or "the partner"
    lacking += [f"an address of {partner} for {RECIPIENTS.get(name, name)}" for name in to if not to[name]]
    subject = " ".join(fill_mail(case, message.subject).replace("(not known yet)", "–").split())
    return Notice(rule, subject[:250], _opening(case, message), fields, to, tuple(dict.fromkeys(lacking)))


def template_fields(case: Case) -> tuple[FilledField, ...]:
    """The template's fields as they would leave now, personal values in full; the User's number in none of them."""
    fields = fill_template(procedure_of(case), _in_full(case), case.desk.zone)
    return tuple(
        replace(
            field,
            text=without_number(case, field.text),
            values={name: without_number(case, value) for name, value in field.values.items()},
        )
        for field in fields
    )


def without_number(case: Case, text: str) -> str:
    """The text without the User's number, in whatever way someone wrote it there."""
    for name, fact in procedure_of(case).facts.items():
        pointer = case.known["values"].get(name)
        if fact.kind is Kind.PHONE and isinstance(pointer, dict):
            # The country code may be left away: the last nine digits tell one number from another.
            digits = "".join(filter(str.isdigit, full(case, name, pointer)))[-9:]
            if digits:
                text = re.sub(r"[\s()/.-]*".join(digits), "…", text)
    return text


def _missing(case: Case, rule: DutyRule) -> tuple[str, ...]:
    return next((duty.missing for duty in plan_of(case).duties if duty.rule.id == rule.id), ())


def _opening(case: Case, message: MessageTemplate) -> str:
    return fill_mail(case, message.opening.replace("{outcome_words}", _outcome_words(case)))


def _worded(case: Case, message: MessageTemplate, field: FilledField) -> FilledField:
    """A field that nobody has told, as the message words it."""
    default = message.defaults.get(field.name)
    if not field.missing or default is None:
        return field
    text = without_number(case, fill_mail(case, default.replace("{outcome_words}", _outcome_words(case))))
    source = next(each.sources[0] for each in procedure_of(case).template if each.name == field.name)
    return replace(field, text=text, missing=False, values={source: text})


def _outcome_words(case: Case) -> str:
    """What was seen, and by whom; never more."""
    values = case.known["values"]
    if values.get("freed") == "yes":
        return "Freed (confirmed by the User)."
    if values.get("unlock") == "ok":
        return "Unlocked (reported by the station)."
    failures = next((n for name, value, n in case.known["counts"] if (name, value) == ("unlock", "failed")), 0)
    return f"{failures} Unlock command{'s' if failures > 1 else ''} did not free it." if failures else ""


def _in_full(case: Case) -> Facts:
    """The facts with personal values in their place, for a mail that may carry them."""
    facts = facts_of(case)
    values = {
        name: full(case, name, value) if isinstance(value, dict) else value for name, value in facts.values.items()
    }
    # When nothing better is known, the time of the report is the indicative one (S33).
    values.setdefault("reported_at", case.opened_at.isoformat())
    return Facts(values, facts.since, facts.counts, facts.decisive, facts.declined)


def send_notice(
    case: Case, rule_id: str, *, actor: Actor, at: datetime, opening: str = "", expected_version: int | None = None
) -> Message:
    """Queue the mail of a duty in the case's own transaction. Pressed twice, it is one mail.

    Once the relay has refused every address, pressing again writes a new one. Raises NoticeIncomplete with what
    is missing, Refused when it is not owed.
    """
    with changing(case) as locked:
        duty = locked.draft.duties.get(rule_id)
        known = _sent(locked, duty) if duty else None
        if known:
            return known
        check_version(locked, expected_version)
        if duty is None:
            raise Refused("This mail is not owed any more. Look at the case.")
        notice = compose(locked, rule_id)
        if notice.missing:
            raise NoticeIncomplete(list(notice.missing))
        said = without_number(locked, noted(opening)) or notice.opening
        message = _queue(locked, duty, notice, said, actor, at)
        write(locked, "mail_queued", {"message": message.pk, "rule": rule_id, "to": notice.recipients}, actor, at)
        duty.performed_at, duty.performs_at = at, None
        duty.next_clock_at = next_clock(duty)
        changed(locked, duty)
    return message


def _sent(case: Case, duty: Duty) -> Message | None:
    """The mail of this duty that is on its way or arrived, to everyone whom it was for."""
    if duty.performed_at is None:
        return None
    mails = Message.objects.filter(about=about(case), key__startswith=_key(case, duty)).order_by("-pk")
    return next(filter(still_tells, mails), None)


def _key(case: Case, duty: Duty) -> str:
    return f"{about(case)}:mail:{duty.pk}:"


def _queue(case: Case, duty: Duty, notice: Notice, opening: str, actor: Actor, at: datetime) -> Message:
    template = procedure_of(case).messages[notice.rule.message]
    content = {"case": case, "opening": opening, "fields": notice.fields}
    before = Message.objects.filter(about=about(case), key__startswith=_key(case, duty)).count()
    try:
        return correspondence.queue_message(
            case.desk,
            about=about(case),
            key=f"{_key(case, duty)}{before + 1}",
            to=notice.recipients,
            subject=notice.subject,
            text=render_to_string("cases/mail.txt", content),
            html=render_to_string("cases/mail.html", content),
            headers={"X-Roamdesk-Case": case.reference, **thread_of(case)},
            tells={"groups": _groups(notice, template)},
            partner=case.partner,
            origin=Message.Origin.PERSON if template.by_hand and actor.person else Message.Origin.GENERATED,
            by_itself=actor == CLOCK,
            by=actor.name if actor.person else "",
            awaits=_awaits(case, template),
            files=[_as_attachment(case, notice)],
            at=at,
        )
    except UsedUp as used_up:
        raise BudgetUsedUp(str(used_up)) from None
    except MailRefused as refused:
        raise Refused(str(refused)) from None


def _awaits(case: Case, template: MessageTemplate) -> bool:
    """Whether what the mail tells lets the other side owe a mail of its own."""
    told = {name for values in template.tells.values() for name in values}
    return any(
        rule.channel is Channel.MAIL and rule.owed_by != case.side and told & rule.when.facts
        for rule in procedure_of(case).duties
    )


def _groups(notice: Notice, template: MessageTemplate) -> list[dict[str, Any]]:
    return [{"recipient": name, "to": to, "values": dict(template.tells[name])} for name, to in notice.to.items()]


def _as_attachment(case: Case, notice: Notice) -> File:
    """The lines of the mail once more, for a machine that reads them."""
    document = write_sent(
        procedure_of(case),
        notice.fields,
        desk=case.desk.name,
        side=Side(case.side),
        our_reference=case.reference,
        your_reference=case.their_reference,
        problem=str(case.known["values"].get("problem", "")),
    )
    return File(FILE_NAME, CONTENT_TYPE, document)


def message_changed(message: Message) -> None:
    """What was heard of a mail becomes a fact, or an event (listener of correspondence, which may tell one twice)."""
    # Whoever takes a mail back says so in the case themselves.
    case = _case_of(message) if message.state != Message.State.WITHDRAWN else None
    if case is None:
        return
    now = message.heard_at or message.accepted_at or message.queued_at
    with scope(desk=case.desk), changing(case, even_merged=True) as locked:
        if _last_state(locked, message) != message.state:
            write(locked, "mail_state", {"message": message.pk, "state": message.state}, RELAY, now)
            _wait_for_nobody(message, now)
        if locked.state != Case.State.MERGED:
            known = locked.known["values"]
            told = {name: value for name, value in told_by(message).items() if known.get(name) != value}
            record(locked, told, RELAY, now)
            take_back_what_bounced(locked, message, now)


def _wait_for_nobody(message: Message, at: datetime) -> None:
    """Whoever may not have got our answer owes none: a person decides what to do."""
    lost = message.state in (Message.State.REFUSED, Message.State.UNKNOWN)
    if lost and message.origin == Message.Origin.PERSON and message.conversation:
        conversations.unsay(message.conversation, at=at)


def _last_state(case: Case, message: Message) -> str:
    told = case.events.filter(kind="mail_state", data__message=message.pk).order_by("-number").first()
    return str(told.data["state"]) if told else Message.State.QUEUED


def _case_of(message: Message) -> Case | None:
    if not message.about.startswith("case:"):
        return None
    return Case.objects.filter(pk=message.about.removeprefix("case:")).select_related("desk", "partner").first()
