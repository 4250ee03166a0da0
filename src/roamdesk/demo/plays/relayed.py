"""The Unlock fails and the User does not want to be called: the MSP stays the relay."""

from __future__ import annotations

from roamdesk.demo.drivers import ANA
from roamdesk.demo.plays.play import Play, notice_read, unlock_asked_for
from roamdesk.demo.plays.stuck import unlock_fails_twice
from roamdesk.demo.stage import Stage


def without_consent(stage: Stage) -> None:
    at_msp, at_cpo = unlock_asked_for(stage, ANA)
    unlock_fails_twice(at_msp, at_cpo)
    at_msp.answers("ask_consent", "No")
    at_cpo.answers("await_consent", "No")
    stage.narrator.note("the User's number is not at Nordlade, and stays hidden there (A3)")
    stage.pulls(ANA)
    at_msp.answers("relay", "It is out")
    at_cpo.answers("solve_via_relay", "It is out")
    at_cpo.mails("mail_success")
    notice_read(at_msp, "mail_success")


WITHOUT_CONSENT = Play(
    "unlock_failed_without_consent",
    "Two Unlocks fail; the User does not want to be called, so VoltPass relays what to try.",
    "S15 S17 S20 S21 A3",
    without_consent,
)
