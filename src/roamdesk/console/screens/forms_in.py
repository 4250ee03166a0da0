"""A contact form that came in, line by line beside the one that stands; and the links it came by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roamdesk.console.marks import Mark, State, mark
from roamdesk.partners import history
from roamdesk.partners.models import ContactLine, FormSubmission, GuestLink, Partner
from roamdesk.partners.submissions import Difference, FormFaults, differences

MARKS = {
    "added": (State.TODO, "New"),
    "changed": (State.WAITING, "Changed"),
    "removed": (State.OVERDUE, "Goes"),
    "same": (State.DONE, "Stays"),
}
SHOWN_LINKS = 5


@dataclass(frozen=True)
class DifferenceRow:
    mark: Mark
    purpose: str
    before: str
    after: str


@dataclass(frozen=True)
class SubmissionScreen:
    submission: FormSubmission
    rows: tuple[DifferenceRow, ...]
    faults: tuple[str, ...]
    agreed_before: bool
    agreed_after: bool


@dataclass(frozen=True)
class AskPart:
    """How a partner is asked for its form: what came in, the links that are good, and where to write."""

    submissions: tuple[FormSubmission, ...]
    links: tuple[GuestLink, ...]
    address: str


def submission_screen(found: FormSubmission) -> SubmissionScreen:
    """Runs in the desk's scope."""
    rows: tuple[DifferenceRow, ...] = ()
    faults: tuple[str, ...] = ()
    try:
        rows = tuple(_row(difference) for difference in differences(found))
    except FormFaults as refused:
        faults = tuple(text for line in refused.faults.values() for text in line.values())
    return SubmissionScreen(found, rows, faults, found.partner.procedures_agreed, bool(found.raw.get("agreed")))


def ask_part(partner: Partner, now: datetime) -> AskPart:
    """The back office is asked, else a reference person."""
    mails = partner.lines.filter(channel=ContactLine.Channel.MAIL).order_by("purpose", "priority", "pk")
    good = GuestLink.objects.filter(
        partner=partner, purpose=GuestLink.Purpose.FORM, revoked_at__isnull=True, expires_at__gt=now
    )
    return AskPart(
        tuple(partner.submissions.all()[:SHOWN_LINKS]),
        tuple(good[:SHOWN_LINKS]),
        next((line.value for line in mails), ""),
    )


def _row(difference: Difference) -> DifferenceRow:
    values = difference.after or difference.before
    return DifferenceRow(
        mark=mark(*MARKS[difference.kind]),
        purpose=str(ContactLine.Purpose(values["purpose"]).label),
        before=_words(difference.before),
        after=_words(difference.after),
    )


def _words(values: Mapping[str, Any]) -> str:
    if not values:
        return ""
    number = history.as_read(values)
    zone = f" ({values['zone']})" if values["zone"] else ""
    skills = "operational skills" if values["operational_skills"] else ""
    parts = (number, values["person_name"], ", ".join(values["languages"]), f"{values['hours']}{zone}", skills)
    countries = "only " + ", ".join(values["countries"]) if values["countries"] else ""
    return " · ".join(part for part in (*parts, countries) if part)
