"""The User calls the CPO and not the MSP."""

from __future__ import annotations

from datetime import datetime, timedelta

from roamdesk.demo.drivers import LEA, MILO, SOFIA, Driver
from roamdesk.demo.operator import Operator
from roamdesk.demo.plays.play import BILLED_NIGHTLY, STUCK, Play, mara, petra
from roamdesk.demo.stage import Stage, label_of

SAID_ADDRESS = {LEA: "Warschauer Str. 58", SOFIA: "Sandscholle 21"}


def match(stage: Stage) -> None:
    """At a 2.0.1 station, which wants the session stopped before it unlocks."""
    session = stage.charges(SOFIA)
    at_cpo = _stuck_caller(stage, SOFIA)
    _says(at_cpo, SOFIA, session.started_at)
    at_cpo.unlocks()
    stage.pulls(SOFIA)
    at_cpo.hears("The User has the cable", freed="yes")
    at_cpo.mails("notice_direct_success")
    at_cpo.closes()


def mismatch(stage: Stage) -> None:
    session = stage.charges(LEA)
    at_cpo = _stuck_caller(stage, LEA)
    _says(at_cpo, LEA, session.started_at - timedelta(hours=3))
    at_cpo.answers("send_to_msp_mismatch", "Told")
    at_cpo.closes()


def _says(at_cpo: Operator, driver: Driver, started_at: datetime) -> None:
    at_cpo.answers(
        "ask_facts",
        "Start, label and address",
        session_start=started_at,
        evse_label=label_of(driver),
        station_address=SAID_ADDRESS[driver],
    )


def _stuck_caller(stage: Stage, driver: Driver) -> Operator:
    stage.narrator.act(driver.name, f"phones Nordlade: “{STUCK}”")
    at_cpo = petra(stage)
    at_cpo.opens(
        caller="user",
        problem="cable_stuck",
        stuck_end="station",
        msp_known="yes",
        issue=STUCK,
        token=driver.token,
        cdr_reason=BILLED_NIGHTLY,
    )
    return at_cpo


def cannot_start(stage: Stage) -> None:
    at_cpo, at_msp = petra(stage), mara(stage)
    stage.narrator.act(MILO.name, "phones Nordlade: “My card is refused.”")
    at_cpo.opens(caller="user", problem="cannot_start", evse_label=label_of(SOFIA))
    at_cpo.answers("send_to_msp", "Told")
    stage.narrator.act(MILO.name, "phones VoltPass, as Nordlade said")
    at_msp.opens(caller="user", problem="cannot_start", evse_label=label_of(SOFIA), user_phone=MILO.phone)
    at_msp.answers("support_user", "No, we settled it")
    at_msp.closes()


def needs_charge(stage: Stage) -> None:
    at_cpo = _out_of_order(stage, "Yes")
    at_cpo.answers("suggest_other_station", "Told")
    at_cpo.closes()


def no_charge(stage: Stage) -> None:
    at_cpo = _out_of_order(stage, "No")
    at_cpo.closes()


def _out_of_order(stage: Stage, needs: str) -> Operator:
    at_cpo = petra(stage)
    stage.narrator.act(MILO.name, "phones Nordlade: “The screen is dark.”")
    at_cpo.opens(caller="user", problem="out_of_order", evse_label=label_of(SOFIA), issue="The screen is dark.")
    at_cpo.answers("station_internal", "Done")
    at_cpo.answers("ask_need_charge", needs)
    return at_cpo


MATCH = Play(
    "direct_match",
    "A User calls Nordlade directly; start, label and address agree with the backend, so Nordlade helps.",
    "S25 S26 S21 A7 A8",
    match,
)
MISMATCH = Play(
    "direct_mismatch",
    "A User calls Nordlade directly; the start does not agree, so the User is sent to VoltPass.",
    "S25 S27 A7",
    mismatch,
)
CANNOT_START = Play(
    "cannot_start",
    "A User cannot start and calls Nordlade, who sends the User to VoltPass, who settles it.",
    "S7 S28",
    cannot_start,
)
NEEDS_CHARGE = Play(
    "out_of_order_needs_charge",
    "A station is out of order and the User needs to charge: another one is suggested.",
    "S29 S30",
    needs_charge,
)
NO_CHARGE = Play(
    "out_of_order_no_charge",
    "A station is out of order and the User does not need to charge: the internal procedure is all.",
    "S29",
    no_charge,
)
