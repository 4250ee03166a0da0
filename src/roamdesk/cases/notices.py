"""Notices and requests: composed from the case and the procedure's template, sent once, told when accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django_scopes import scope

from roamdesk.cases.actors import RELAY, Actor
from roamdesk.cases.errors import NoticeIncomplete, Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.services import about, changing, record_facts
from roamdesk.cases.settling import plan_of, settle
from roamdesk.cases.snapshot import facts_of
from roamdesk.cases.words import fill, full
from roamdesk.correspondence import services as correspondence
from roamdesk.correspondence.models import Fate, Message
from roamdesk.partners.selectors import addresses
from roamdesk.procedure import Facts
from roamdesk.procedure.model import DutyRule, MessageTemplate
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
    fields = template_fields(case)
    to = {recipient: _addresses(case, recipient) for recipient in message.tells}
    lacking = [field.title for field in fields if field.missing]
    lacking += [procedure.facts[name].title for name in _missing(case, rule)]
    if not any(to.values()):
        lacking.append(f"an address of {case.partner or 'the partner'} for {' and '.join(to)}")
    subject = " ".join(fill(case, message.subject).replace("(not known yet)", "–").split())
    return Notice(rule, subject[:250], _opening(case, message), fields, to, tuple(dict.fromkeys(lacking)))


def template_fields(case: Case) -> tuple[FilledField, ...]:
    """The template's fields as they would leave now, personal values in full."""
    return tuple(fill_template(procedure_of(case), _in_full(case), case.desk.zone))


def _missing(case: Case, rule: DutyRule) -> tuple[str, ...]:
    return next((duty.missing for duty in plan_of(case).duties if duty.rule.id == rule.id), ())


def _opening(case: Case, message: MessageTemplate) -> str:
    return fill(case, message.opening.replace("{outcome_words}", _outcome_words(case)))


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
    return Facts(values, facts.since, facts.counts, facts.decisive, facts.declined)


def _addresses(case: Case, recipient: str) -> list[str]:
    if case.partner is None:
        return []
    other = "cpo" if case.side == "msp" else "msp"
    return addresses(case.partner, recipient.replace("partner_", f"{other}_"))


def send_notice(
    case: Case, rule_id: str, *, actor: Actor, at: datetime, opening: str = "", expected_version: int | None = None
) -> Message:
    """Queue the mail of a duty in the case's own transaction. Pressed twice, it is one mail.

    Raises NoticeIncomplete with what is missing, Refused when it is not owed.
    """
    with changing(case, expected_version=expected_version) as locked:
        duty = Duty.objects.filter(case=locked, rule=rule_id, state=Duty.State.OPEN).first()
        if duty is None:
            raise Refused("This mail is not owed any more. Look at the case.")
        notice = compose(locked, rule_id)
        if notice.missing:
            raise NoticeIncomplete(list(notice.missing))
        message = _queue(locked, duty, notice, opening.strip() or notice.opening, at)
        write(locked, "mail_queued", {"message": message.pk, "rule": rule_id, "to": notice.recipients}, actor, at)
        duty.performs_at = None
        duty.save(update_fields=["performs_at"])
        settle(locked, actor, at)
    return message


def _queue(case: Case, duty: Duty, notice: Notice, opening: str, at: datetime) -> Message:
    tells = procedure_of(case).messages[notice.rule.message].tells
    content = {"case": case, "opening": opening, "fields": notice.fields}
    return correspondence.queue_message(
        case.desk,
        about=about(case),
        key=f"{about(case)}:{notice.rule.id}:{duty.pk}",
        to=notice.recipients,
        subject=notice.subject,
        text=render_to_string("cases/mail.txt", content),
        html=render_to_string("cases/mail.html", content),
        headers={"X-Roamdesk-Case": case.reference},
        tells={"groups": [{"to": notice.to[name], "values": dict(values)} for name, values in tells.items()]},
        partner=case.partner,
        at=at,
    )


def message_changed(message: Message) -> None:
    """What the relay said becomes a fact, or an event (listener of correspondence)."""
    case = _case_of(message)
    if case is None:
        return
    now = message.accepted_at or message.queued_at
    told: dict[str, Any] = {}
    for group in message.tells.get("groups", []):
        if group["to"] and all(message.fates.get(address) == Fate.ACCEPTED for address in group["to"]):
            told |= group["values"]
    with scope(desk=message.desk), changing(case) as locked:
        write(locked, "mail_state", {"message": message.pk, "state": message.state}, RELAY, now)
    if told:
        record_facts(case, told, actor=RELAY, at=now)


def _case_of(message: Message) -> Case | None:
    if not message.about.startswith("case:"):
        return None
    return Case.objects.filter(pk=message.about.removeprefix("case:")).select_related("desk").first()
