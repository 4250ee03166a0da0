"""Anything else goes by mail, by the template."""

from __future__ import annotations

from roamdesk.demo.drivers import LEA, MILO
from roamdesk.demo.plays.play import Play, mara, petra
from roamdesk.demo.stage import Stage, label_of

WRONG_BILL = "The User was billed twice for one session."
CDR = "NDL-CDR-58120"


def anything_else(stage: Stage) -> None:
    at_msp, at_cpo = mara(stage), petra(stage)
    stage.narrator.act(MILO.name, f"phones VoltPass: “{WRONG_BILL}”")
    at_msp.opens(
        caller="user", problem="other", evse_label=label_of(LEA), token=MILO.token, cdr_id=CDR, issue=WRONG_BILL
    )
    at_msp.answers("support_user", "Yes, write to them")
    at_msp.answers("mail_template_cpo", "When did it happen?", event_time=stage.now())
    at_msp.mails("mail_template_cpo")
    at_cpo.opens(
        caller="partner_mail",
        problem="other",
        evse_label=label_of(LEA),
        token=MILO.token,
        cdr_id=CDR,
        issue="One of the two records is cancelled.",
        event_time=stage.now(),
        their_reference=at_msp.case.reference,
    )
    at_cpo.mails("answer_as_cpo")
    at_cpo.closes()
    at_msp.notes_their_reference(at_cpo.case.reference)
    at_msp.answers("answer_from_cpo", "It settles the matter")
    at_msp.closes()


ANYTHING_ELSE = Play(
    "anything_else_by_mail",
    "A question about a bill: the call centres do not talk, VoltPass writes, Nordlade answers.",
    "S7 S24 S32 S33 A10",
    anything_else,
)
