"""The cable is stuck, and comes out: by the Unlock, or when the CPO calls the User."""

from __future__ import annotations

from roamdesk.demo.drivers import ANA, LEA
from roamdesk.demo.operator import Operator
from roamdesk.demo.plays.play import Play, notice_read, unlock_asked_for
from roamdesk.demo.stage import Stage


def cable_freed(stage: Stage) -> None:
    at_msp, at_cpo = unlock_asked_for(stage, LEA)
    at_cpo.unlocks()
    stage.pulls(LEA)
    at_msp.answers("note_result", "It is out")
    at_cpo.answers("report_result", "It is out")
    at_cpo.mails("mail_success")
    notice_read(at_msp, "mail_success")


def with_consent(stage: Stage) -> None:
    at_msp, at_cpo = unlock_asked_for(stage, ANA)
    unlock_fails_twice(at_msp, at_cpo)
    number_passed_on(at_msp, at_cpo)
    stage.pulls(ANA)
    at_cpo.answers("contact_user", "Solved")
    at_msp.answers("keep_in_touch", "It is out")
    at_cpo.mails("mail_success")
    notice_read(at_msp, "mail_success")


def unlock_fails_twice(at_msp: Operator, at_cpo: Operator) -> None:
    at_cpo.unlocks()
    at_cpo.unlocks()
    at_msp.answers("note_result", "Not out")


def number_passed_on(at_msp: Operator, at_cpo: Operator) -> None:
    """Only with the User's word for it."""
    at_msp.answers("ask_consent", "Yes")
    at_msp.answers("pass_phone", "Number passed on")
    at_cpo.answers("await_consent", "Yes, with the number", user_phone=ANA.phone)


CABLE_FREED = Play(
    "cable_freed",
    "Self-help does not free the cable, the Unlock does; the success notice goes by mail.",
    "S8 S9 S10 S12 S13 S14 S15 S16 S20 S21 A1 A13",
    cable_freed,
)
WITH_CONSENT = Play(
    "unlock_failed_with_consent",
    "Two Unlocks fail; the User agrees to be called, Nordlade calls and solves it.",
    "S15 S17 S18 S20 S21",
    with_consent,
)
