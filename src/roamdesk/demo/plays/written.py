"""Anything else goes by mail, by the template: request, acknowledgement, answer, each found in its case."""

from __future__ import annotations

from roamdesk.demo.drivers import LEA, MILO
from roamdesk.demo.operator import Operator
from roamdesk.demo.plays.play import Play, mara
from roamdesk.demo.stage import Stage, label_of

WRONG_BILL = "The User was billed twice for one session."
CDR = "NDL-CDR-58120"
ANSWER = "Record NDL-CDR-58120 is cancelled; the User is billed once."


def birte(stage: Stage) -> Operator:
    """Works in Nordlade's back office."""
    return Operator(stage, "birte@nordlade", "cpo", "VoltPass")


def backoffice(stage: Stage) -> None:
    at_msp, at_cpo = mara(stage), birte(stage)
    stage.narrator.act(MILO.name, f"phones VoltPass: “{WRONG_BILL}”")
    at_msp.opens(
        caller="user", problem="other", evse_label=label_of(LEA), token=MILO.token, cdr_id=CDR, issue=WRONG_BILL
    )
    at_msp.answers("support_user", "Yes, write to them")
    at_msp.answers("mail_template_cpo", "When did it happen?", event_time=stage.now())
    request = at_msp.mails("mail_template_cpo")
    at_cpo.finds_case_of(request)
    acknowledgement = at_cpo.sees_acknowledged(request)
    at_msp.finds_case_of(acknowledgement)
    at_cpo.confirms_what_the_mail_says()
    at_cpo.hears("Both records are of one session", problem="other")
    answer = at_cpo.mails("answer_as_cpo", opening=ANSWER)
    at_cpo.closes()
    at_msp.sees_answered(request)
    at_msp.sees_acknowledged(answer)
    at_msp.answers("answer_from_cpo", "It settles the matter")
    at_msp.closes()


BACKOFFICE = Play(
    "backoffice",
    "A question about a bill, by mail: VoltPass asks, Nordlade's machine acknowledges, its back office answers.",
    "S7 S24 S32 S33 A10 A21",
    backoffice,
)
