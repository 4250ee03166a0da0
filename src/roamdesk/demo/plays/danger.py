"""Danger at a station: told through the MSP, and told to the CPO directly."""

from __future__ import annotations

from roamdesk.demo.drivers import MILO, SOFIA
from roamdesk.demo.plays.play import Play, mara, notice_read, petra
from roamdesk.demo.stage import Stage, label_of

SMOKE = "Smoke comes out of the station."
NOT_ASKED = "nobody is asked for a token when there is danger"
NO_SESSION = "no session is concerned"


def through_msp(stage: Stage) -> None:
    at_msp, at_cpo = mara(stage), petra(stage)
    stage.narrator.act(MILO.name, f"phones VoltPass: “{SMOKE}”")
    at_msp.opens(caller="user", problem="danger", evse_label=label_of(SOFIA), user_phone=MILO.phone, issue=SMOKE)
    at_msp.answers("ask_hurt", "Nobody is hurt")
    at_msp.answers("tell_cpo_danger", "They take it")
    at_cpo.opens(
        caller="partner",
        problem="danger",
        evse_label=label_of(SOFIA),
        danger_told="yes",
        issue=SMOKE,
        event_time=stage.now(),
        no_token_reason=NOT_ASKED,
        cdr_reason=NO_SESSION,
        their_reference=at_msp.case.reference,
    )
    at_msp.notes_their_reference(at_cpo.case.reference)
    at_cpo.answers("intervene", "Removed")
    at_cpo.mails("mail_danger_success")
    at_msp.hears("Nordlade's mail says that the danger is removed", intervention="solved")
    notice_read(at_msp, "mail_danger_success")
    at_cpo.closes()
    at_msp.closes()


def direct(stage: Stage) -> None:
    at_cpo = petra(stage)
    stage.narrator.act(MILO.name, f"phones Nordlade: “{SMOKE}”")
    at_cpo.opens(
        caller="user",
        problem="danger",
        evse_label=label_of(SOFIA),
        msp_known="yes",
        issue=SMOKE,
        event_time=stage.now(),
        no_token_reason=NOT_ASKED,
        cdr_reason=NO_SESSION,
    )
    at_cpo.answers("ask_hurt_direct", "Nobody is hurt")
    at_cpo.answers("danger_internal", "Removed")
    at_cpo.mails("notice_danger_direct")
    at_cpo.closes()


THROUGH_MSP = Play(
    "danger_through_msp",
    "A User reports smoke to VoltPass; Nordlade is told at once, without any identity check.",
    "S11 S23 A2 A5",
    through_msp,
)
DIRECT = Play(
    "danger_direct",
    "A User reports smoke to Nordlade; nobody is sent away, the internal procedure starts at once.",
    "S29 A5 A6 A8",
    direct,
)
