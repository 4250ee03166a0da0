"""The session runs through the roaming hub: VoltPass ends it itself, hears nothing, or not what it hoped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django_scopes import scope

from roamdesk.charging.models import Cdr, Command, Session
from roamdesk.charging.ports import Outcome
from roamdesk.demo.desks import CPO, MSP
from roamdesk.demo.drivers import LEA
from roamdesk.demo.hub.faults import Fault
from roamdesk.demo.hub.running import fail_next, hub_between
from roamdesk.demo.operator import Operator
from roamdesk.demo.plays.play import Play, mara
from roamdesk.demo.stage import Stage, label_of
from roamdesk.oicp.models import Exchange
from roamdesk.oicp.operations import CHARGE_DETAIL_RECORD, REMOTE_STOP

CANNOT_END = "Charging does not end, the card is not taken."
OUT_NOW = "It is out"
HUB_WITHIN = 30.0  # it looks at the stations each second, and keeps the calls per minute


def stop_by_msp(stage: Stage) -> None:
    with _session_at_the_hub(stage) as session_id:
        at_msp = _case_opened(stage)
        at_msp.ends_session()
        _stopped_at_the_station(stage)
        stage.pulls(LEA)
        _accounted(stage, session_id)
        at_msp.answers("self_help", OUT_NOW)
        at_msp.closes()


def hub_hears_nothing(stage: Stage) -> None:
    with _session_at_the_hub(stage):
        at_msp = _case_opened(stage)
        fail_next(Fault.PARTNER_SILENT, REMOTE_STOP.name)
        at_msp.ends_session()
        stage.narrator.note("310: whether Nordlade did it is not known, so nobody says that it failed")
        _stopped_at_the_station(stage)
        stage.pulls(LEA)
        at_msp.answers("self_help", OUT_NOW)
        at_msp.closes()


def record_comes_twice(stage: Stage) -> None:
    with _session_at_the_hub(stage) as session_id:
        at_msp = _case_opened(stage)
        fail_next(Fault.RECORD_TWICE)
        at_msp.ends_session()
        _stopped_at_the_station(stage)
        stage.pulls(LEA)
        _accounted(stage, session_id)
        at_msp.answers("self_help", OUT_NOW)
        at_msp.closes()


def session_unknown(stage: Stage) -> None:
    with _session_at_the_hub(stage):
        at_msp = _case_opened(stage)
        fail_next(Fault.SESSION_UNKNOWN, REMOTE_STOP.name)
        at_msp.ends_session()
        stage.narrator.act(LEA.name, "holds the card to the reader once more, as Mara says, and the session ends")
        stage.pulls(LEA)
        at_msp.answers("self_help", OUT_NOW)
        at_msp.closes()


@contextmanager
def _session_at_the_hub(stage: Stage) -> Iterator[str]:
    """Lea charges, and VoltPass has authorised it through the hub; the hub's id of the session. Raises NotInTime."""
    with hub_between(stage.narrator.note):
        _until_she_was_there(stage)
        session = stage.charges(LEA)
        with scope(desk=session.desk):
            named = Session.objects.filter(pk=session.pk).exclude(hub_key="")
            known = stage.happenings.until("The hub's answer to Nordlade", named.first, HUB_WITHIN)
        with scope(desk=stage.desk(MSP)):
            same = Session.objects.filter(desk=stage.desk(MSP), hub_key=known.hub_key)
            stage.happenings.until("The session at VoltPass", same.exists, HUB_WITHIN)
        stage.narrator.note(f"the hub's session: {known.session_id}")
        yield known.session_id


def _until_she_was_there(stage: Stage) -> None:
    """Stations that have just come up bring their first Users: that session is not the play's. Raises NotInTime."""
    with scope(desk=stage.desk("nordlade")):
        stage.happenings.until(
            f"The first session of {LEA.name}",
            lambda: Session.objects.filter(station__identity=LEA.station, token_key=LEA.token).exists(),
            30.0,
        )


def _case_opened(stage: Stage) -> Operator:
    at_msp = mara(stage)
    stage.narrator.act(LEA.name, f"phones VoltPass: “{CANNOT_END}”")
    at_msp.opens(
        caller="user",
        problem="cannot_end",
        evse_label=label_of(LEA),
        token=LEA.token,
        user_phone=LEA.phone,
        stuck_end="station",
        issue=CANNOT_END,
    )
    return at_msp


def _stopped_at_the_station(stage: Stage) -> None:
    """Nordlade's station has ended the transaction. Raises NotInTime."""
    with scope(desk=stage.desk("nordlade")):
        command = stage.happenings.until(
            "The station's answer to the remote stop",
            lambda: Command.objects.filter(kind=Command.Kind.REMOTE_STOP, outcome=Outcome.ACCEPTED).last(),
            20.0,
        )
        stage.happenings.until(
            "The end of the session at the station",
            lambda: not Session.objects.filter(evse=command.evse, station__isnull=False, ended_at=None).exists(),
            20.0,
        )
    stage.narrator.note(f"station {LEA.station} ended the session on {command.requested_by}'s behalf")


def _accounted(stage: Stage, session_id: str) -> None:
    """The hub has acknowledged Nordlade's record, so it is done with forwarding it. Raises NotInTime."""
    with scope(desk=stage.desk(CPO)):
        sent = Exchange.objects.filter(
            desk=stage.desk(CPO), session_id=session_id, operation=CHARGE_DETAIL_RECORD.name, inbound=False
        )
        stage.happenings.until("The hub's answer to the CDR", sent.exists, HUB_WITHIN)
    with scope(desk=stage.desk(MSP)):
        count = Cdr.objects.filter(desk=stage.desk(MSP), session__session_id=session_id).count()
    stage.narrator.note(f"VoltPass has {count} CDR of session {session_id}")


STOP_BY_MSP = Play(
    "stop_by_msp",
    "VoltPass ends its own User's session through the roaming hub; the CDR comes after it.",
    "S7 S12 A9",
    stop_by_msp,
)
HUB_HEARS_NOTHING = Play(
    "hub_hears_nothing",
    "Nordlade does not answer the hub in time (310): the outcome is unknown, though the station did it.",
    "S12 A9 A17",
    hub_hears_nothing,
)
RECORD_COMES_TWICE = Play(
    "cdr_twice",
    "The hub forwards one CDR twice: VoltPass has one.",
    "S12 A9",
    record_comes_twice,
)
SESSION_UNKNOWN = Play(
    "session_unknown",
    "The hub does not know the session any more: the stop is refused, the card ends it.",
    "S12 A9",
    session_unknown,
)
