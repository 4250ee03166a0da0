"""The contact form as the partner fills it in: kept as typed, sent in, compared, accepted or sent back (S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.partners import history, services
from roamdesk.partners.models import ContactLine, FormSubmission, GuestLink, Partner
from roamdesk.procedure import Procedure
from roamdesk.procedure.readiness import ContactForm, FormLine, Readiness, readiness

Purpose = ContactLine.Purpose
State = FormSubmission.State
SECTIONS: dict[str, tuple[Purpose, ...]] = {
    "cpo": (Purpose.FIRST_LEVEL, Purpose.BACK_OFFICE, Purpose.REFERENCE_PERSON),
    "msp": (Purpose.CALL_CENTRE, Purpose.MSP_SUPPORT, Purpose.BACK_OFFICE, Purpose.REFERENCE_PERSON),
}
TYPED = ("purpose", "value", "hours", "zone", "languages", "countries", "person_name", "operational_skills")
MOST_LINES = 40
LONGEST = 300
OPEN = (State.DRAFT, State.SENT, State.RETURNED)

Typed = dict[str, str]
"""A line as typed: a text for each name in TYPED; the last is ``yes`` or empty."""


class SubmissionRefused(ValueError):
    """Nothing was changed; the text says why and what to do."""


class FormFaults(SubmissionRefused):
    """Lines that cannot stand; ``faults`` are sentences by field, by the line's place from 0."""

    def __init__(self, faults: dict[int, dict[str, str]]) -> None:
        super().__init__("Some lines cannot stand like this. Mend them, then send the form in again.")
        self.faults = faults


@dataclass(frozen=True)
class Difference:
    """One line of the form as it is and as it would be; ``fields`` are those that differ."""

    kind: str
    before: dict[str, Any]
    after: dict[str, Any]
    line: ContactLine | None = None

    @property
    def fields(self) -> list[str]:
        return [name for name in history.FIELDS if self.before.get(name) != self.after.get(name)]


def open_submission(partner: Partner, role: str) -> FormSubmission | None:
    """The one that is a draft, sent in, or returned."""
    return FormSubmission.objects.filter(partner=partner, role=role, state__in=OPEN).first()


def sent_in(desk: Desk) -> list[FormSubmission]:
    """What came in and waits for the partner manager, oldest first."""
    waiting = FormSubmission.objects.filter(desk=desk, state=State.SENT).select_related("partner")
    return list(waiting.order_by("sent_at", "pk"))


def as_it_stands(partner: Partner, role: str) -> dict[str, Any]:
    """What the form holds now, as it would be typed."""
    lines = partner.lines.filter(role=role, purpose__in=SECTIONS[role])
    return {"lines": [_typed(line) for line in lines], "agreed": partner.procedures_agreed, "by": ""}


def save_draft(link: GuestLink, role: str, raw: Mapping[str, Any], *, version: int, at: datetime) -> FormSubmission:
    """Keep what was typed, whether or not it can stand; ``version`` is that of the page it was typed on.

    Raises SubmissionRefused when a newer draft was saved meanwhile, or the form is with the desk.
    """
    if role not in link.partner.roles:
        raise SubmissionRefused(f"{link.partner} has no form as {role.upper()} at {link.desk}. Open the link again.")
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=link.partner_id)
        kept = open_submission(link.partner, role) or FormSubmission(
            desk=link.desk, partner=link.partner, role=role, saved_at=at
        )
        tidy = _within_limits(raw)
        if kept.pk and kept.raw == tidy:
            return kept
        if kept.state == State.SENT:
            raise SubmissionRefused(f"The form is with {link.desk} since {kept.sent_at:%d/%m/%Y %H:%M} UTC. Wait.")
        if kept.version != version:
            raise SubmissionRefused(
                f"Somebody saved this form at {kept.saved_at:%d/%m/%Y %H:%M:%S} UTC, after you opened it. "
                "Yours was not saved. Open the link again and add what is missing."
            )
        kept.raw, kept.version, kept.saved_at, kept.link = tidy, version + 1, at, link
        kept.filled_in_by = str(tidy["by"])[:80]
        kept.save()
    return kept


def send_in(submission: FormSubmission, *, at: datetime) -> FormSubmission:
    """Hand the form to the desk; a second time changes nothing. Raises FormFaults, SubmissionRefused."""
    with transaction.atomic():
        kept: FormSubmission = FormSubmission.objects.select_for_update().get(pk=submission.pk)
        if kept.state == State.SENT:
            return kept
        if kept.state == State.ACCEPTED:
            raise SubmissionRefused("This form was accepted already. Open the link again to change it.")
        if not kept.raw.get("by"):
            raise SubmissionRefused("Who fills in this form? Write your name at its end, then send it in.")
        _lines_of(kept)
        kept.state, kept.sent_at, kept.note = State.SENT, at, ""
        kept.save()
    return kept


def differences(submission: FormSubmission) -> list[Difference]:
    """What accepting would change, line by line, in the order of the form; what goes comes last.

    Lines are the same person's or number's; the driver hotline of roaming data is not the partner's to change.
    Raises FormFaults.
    """
    standing = list(submission.partner.lines.filter(role=submission.role, purpose__in=SECTIONS[submission.role]))
    found = []
    for values in _lines_of(submission):
        line = _same_line(standing, values)
        if line is None:
            found.append(Difference("added", {}, values))
            continue
        standing.remove(line)
        before = history.values_of(line)
        values["priority"] = line.priority
        found.append(Difference("same" if before == values else "changed", before, values, line))
    return found + [Difference("removed", history.values_of(line), {}, line) for line in standing]


def accept(submission: FormSubmission, *, by: str, at: datetime) -> None:
    """The form becomes what the partner sent in, verified as of then; a second time changes nothing.

    Raises SubmissionRefused, FormFaults.
    """
    with transaction.atomic():
        kept, partner = _decided(submission, State.ACCEPTED, by, at)
        if kept is None:
            return
        who = f"{kept.filled_in_by} of {partner}, by its link; accepted by {by}"
        for difference in differences(kept):
            _take_over(partner, difference, kept, who, at)
        before, agreed = partner.procedures_agreed, bool(kept.raw.get("agreed"))
        partner.procedures_agreed, partner.form_published_at = agreed, kept.sent_at
        partner.save()
        said = "procedures_agreed"
        history.note(partner, None, {said: before}, {said: agreed}, by=who, at=at)
        kept.save()


def _take_over(partner: Partner, difference: Difference, kept: FormSubmission, who: str, at: datetime) -> None:
    line = difference.line
    if line is not None and difference.kind == "removed":
        services.remove_line(line, by=who, at=at)
        return
    services.save_line(partner, **difference.after, at=kept.sent_at, by=who, how="stated", changed_at=at, line=line)
    services.forget_failures(partner, difference.after["value"])


def send_back(submission: FormSubmission, *, note: str, by: str, at: datetime) -> None:
    """The partner is to mend it, and reads why. Raises SubmissionRefused."""
    if not note.strip():
        raise SubmissionRefused("Write what is to be mended: the partner reads it above the form.")
    with transaction.atomic():
        kept, _ = _decided(submission, State.RETURNED, by, at)
        if kept is not None:
            kept.note = note.strip()[:500]
            kept.save()


def missing(partner: Partner, role: str, raw: Mapping[str, Any], procedure: Procedure) -> Readiness:
    """What the procedure still asks for, of a form as typed; sending it in publishes it (S5)."""
    lines = tuple(
        FormLine(
            purpose=line["purpose"],
            channel=_channel(line["value"]),
            value=line["value"],
            hours=line["hours"],
            languages=tuple(_words(line["languages"], str.lower)),
            person=line["person_name"],
            operational_skills=bool(line["operational_skills"]),
        )
        for line in raw["lines"]
    )
    return readiness(procedure, role, ContactForm(True, bool(raw.get("agreed")), lines))


def _decided(
    submission: FormSubmission, state: FormSubmission.State, by: str, at: datetime
) -> tuple[FormSubmission | None, Partner]:
    """The locked submission with its new state; None where it has that state already."""
    partner = Partner.objects.select_for_update().get(pk=submission.partner_id)
    kept: FormSubmission = FormSubmission.objects.select_for_update().get(pk=submission.pk)
    kept.partner = partner
    if kept.state == state:
        return None, partner
    if kept.state != State.SENT:
        raise SubmissionRefused(f"This form is {kept.get_state_display().lower()}: there is nothing to decide.")
    kept.state, kept.decided_by, kept.decided_at = state, by[:120], at
    return kept, partner


def _lines_of(submission: FormSubmission) -> list[dict[str, Any]]:
    """The lines in their stored form. Raises FormFaults with every fault of every line."""
    checked, faults = [], {}
    for place, line in enumerate(submission.raw["lines"]):
        values = _understood(submission.role, line)
        try:
            services.refuse_faults(submission.partner, values)
            checked.append(values)
        except services.LineRefused as refused:
            faults[place] = refused.faults
    if faults:
        raise FormFaults(faults)
    return checked


def _understood(role: str, line: Typed) -> dict[str, Any]:
    return {
        "role": role,
        "purpose": line["purpose"],
        "channel": _channel(line["value"]),
        "value": line["value"].strip(" "),
        "hours": " ".join(line["hours"].split()) or "24/7",
        "zone": line["zone"].strip(),
        "languages": _words(line["languages"], str.lower),
        "countries": _words(line["countries"], str.upper),
        "person_name": " ".join(line["person_name"].split()),
        "operational_skills": bool(line["operational_skills"]),
        "priority": 1,
    }


def _same_line(standing: Sequence[ContactLine], values: Mapping[str, Any]) -> ContactLine | None:
    """The line with this number, else the same person's by this channel, else the only one for the purpose."""
    alike = [line for line in standing if (line.purpose, line.channel) == (values["purpose"], values["channel"])]
    same = [line for line in alike if line.value == values["value"]]
    theirs = [line for line in alike if values["person_name"] and line.person_name == values["person_name"]]
    only = alike if len(alike) == 1 and not values["person_name"] else []
    return next(iter([*same, *theirs, *only]), None)


def _typed(line: ContactLine) -> Typed:
    return {
        "purpose": line.purpose,
        "value": line.value,
        "hours": line.hours,
        "zone": line.zone,
        "languages": ", ".join(line.languages),
        "countries": ", ".join(line.countries),
        "person_name": line.person_name,
        "operational_skills": "yes" if line.operational_skills else "",
    }


def _within_limits(raw: Mapping[str, Any]) -> dict[str, Any]:
    """As typed, but no longer than a form can be; a line without number or address is none."""
    lines = [{name: str(line.get(name, ""))[:LONGEST].replace("\x00", "") for name in TYPED} for line in raw["lines"]]
    lines = [line for line in lines if line["value"].strip() or line["person_name"].strip()]
    if len(lines) > MOST_LINES:
        raise SubmissionRefused(f"A form has at most {MOST_LINES} lines. Leave some out.")
    return {"lines": lines, "agreed": bool(raw.get("agreed")), "by": " ".join(str(raw.get("by", "")).split())[:80]}


def _channel(value: str) -> str:
    return ContactLine.Channel.MAIL if "@" in value else ContactLine.Channel.PHONE


def _words(text: str, form: Any) -> list[str]:
    return list(dict.fromkeys(form(word) for word in text.replace(",", " ").split()))
