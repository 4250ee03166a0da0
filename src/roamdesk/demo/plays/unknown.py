"""The station does not answer the Unlock, and then it does."""

from __future__ import annotations

from roamdesk.demo.drivers import EMIL
from roamdesk.demo.plays.play import Play, notice_read, unlock_asked_for
from roamdesk.demo.stage import Stage


def then_late_answer(stage: Stage) -> None:
    at_msp, at_cpo = unlock_asked_for(stage, EMIL)
    stage.narrator.note(f"station {EMIL.station} is slow; silence is unknown after {stage.answer_within:g} s")
    command = at_cpo.unlocks()
    at_msp.answers("note_result", "They got no answer from the station")
    stage.station_answers_at_last(EMIL)
    at_cpo.waits_for_late_answer(command)
    stage.pulls(EMIL)
    at_msp.answers("check_with_user", "It is out")
    at_cpo.answers("report_result", "It is out")
    at_cpo.mails("mail_success")
    notice_read(at_msp, "mail_success")


THEN_LATE_ANSWER = Play(
    "unknown_then_late_answer",
    "The station is silent: unknown, never failed. Its late answer counts.",
    "S14 S15 S20 S21 A17",
    then_late_answer,
)
