"""Nothing helps: a technician is promised, and the MSP is told twice."""

from __future__ import annotations

from datetime import timedelta

from roamdesk.demo.drivers import ANA
from roamdesk.demo.operator import Operator
from roamdesk.demo.plays.play import Play, notice_read, unlock_asked_for
from roamdesk.demo.plays.stuck import number_passed_on, unlock_fails_twice
from roamdesk.demo.stage import Stage

TECHNICIAN_IN = timedelta(hours=3)


def field_visit(stage: Stage) -> None:
    at_msp, at_cpo = unlock_asked_for(stage, ANA)
    unlock_fails_twice(at_msp, at_cpo)
    number_passed_on(at_msp, at_cpo)
    promised_at = stage.now() + TECHNICIAN_IN
    at_cpo.answers("contact_user", "Still stuck")
    at_cpo.answers("plan_visit", "Promised for", promised_at=promised_at)
    told_by_phone(at_msp, at_cpo, promised_at.isoformat())
    at_msp.answers("tell_outcome", "Told")
    at_cpo.mails("mail_failure")
    notice_read(at_msp, "mail_failure")
    stage.pulls(ANA)
    stage.narrator.note("hours later, with the technician")


def told_by_phone(at_msp: Operator, at_cpo: Operator, promised_at: str) -> None:
    """One call, as both desks write it down: first leg of the two (S22)."""
    at_cpo.answers("phone_failure", "Told, they confirmed")
    at_msp.hears(
        "Nordlade's call: not solved, a technician is promised",
        user_contacted="not_solved",
        exhausted="yes",
        promised_at=promised_at,
        phone_told="unsuccessful",
    )


FIELD_VISIT = Play(
    "field_visit",
    "Everything fails; a technician is promised, VoltPass is told by phone and by mail.",
    "S15 S17 S18 S19 S20 S22 A4 A19",
    field_visit,
)
