"""What a play is, and the openings that several share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roamdesk.charging.models import Session
from roamdesk.demo.drivers import Driver
from roamdesk.demo.operator import Operator
from roamdesk.demo.stage import Stage, label_of

BILLED_NIGHTLY = "billing runs nightly"
STUCK = "The cable does not come out of the station."


@dataclass(frozen=True)
class Play:
    """``perform`` tells the story on a stage. ``about`` is one line, ``statements`` what it shows."""

    name: str
    about: str
    statements: str
    perform: Callable[[Stage], None]


def mara(stage: Stage) -> Operator:
    """Answers the Users at VoltPass."""
    return Operator(stage, "mara@voltpass", "msp", "Nordlade")


def petra(stage: Stage) -> Operator:
    """Sits in Nordlade's control room."""
    return Operator(stage, "petra@nordlade", "cpo", "VoltPass")


def unlock_asked_for(stage: Stage, driver: Driver) -> tuple[Operator, Operator]:
    """Up to the point where Nordlade may send the Unlock: (MSP's operator, CPO's operator), a case each."""
    session = stage.charges(driver)
    at_msp, at_cpo = mara(stage), petra(stage)
    stage.narrator.act(driver.name, f"phones VoltPass: “{STUCK}”")
    at_msp.opens(
        caller="user",
        problem="cable_stuck",
        evse_label=label_of(driver),
        token=driver.token,
        user_phone=driver.phone,
        stuck_end="station",
        issue=STUCK,
    )
    at_msp.answers("self_help", "It did not help")
    at_msp.answers("ask_unlock", "They will send the Unlock")
    answers_the_partner(at_msp, at_cpo, driver, session)
    return at_msp, at_cpo


def answers_the_partner(at_msp: Operator, at_cpo: Operator, driver: Driver, session: Session) -> None:
    """Nordlade's side of that call: the case, the token, the comparison with the session."""
    at_cpo.opens(
        caller="partner",
        problem="cable_stuck",
        evse_label=label_of(driver),
        stuck_end="station",
        issue=STUCK,
        session_start=session.started_at,
        time_exact="yes",
        cdr_reason=BILLED_NIGHTLY,
        their_reference=at_msp.case.reference,
    )
    at_msp.notes_their_reference(at_cpo.case.reference)
    at_cpo.answers("ask_identity_msp", "The token", token=driver.token)
    at_cpo.answers("accept_identity", "It fits, they ask for the Unlock")


def notice_read(at_msp: Operator, rule: str) -> None:
    """The MSP's operator finds the notice in the mailbox."""
    at_msp.answers(rule, "The mail is there")
