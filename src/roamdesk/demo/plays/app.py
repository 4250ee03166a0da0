"""A User who reserves and starts from VoltPass's app, through the hub, at a station of Nordlade."""

from __future__ import annotations

from dataclasses import replace

from django_scopes import scope

from roamdesk.charging.models import Cdr, Evse, Reservation, Session
from roamdesk.charging.roaming.said import Origin, SessionIds
from roamdesk.charging.roaming.services import record_authorisation
from roamdesk.demo.desks import CPO, DESKS, MSP
from roamdesk.demo.drivers import MILO, Driver
from roamdesk.demo.hub.running import hub_between
from roamdesk.demo.operator import Operator
from roamdesk.demo.plays.play import Play, mara
from roamdesk.demo.stage import Stage, label_of
from roamdesk.demo.yard import Doing, tell_yard
from roamdesk.identifiers import ContractId, iso_check_character
from roamdesk.oicp.connecting import hub_client
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.wire.charging import AuthorizeRemoteStart, RemoteReservationStart
from roamdesk.oicp.wire.parts import ContractIdentification, IdentificationType

GUEST = replace(MILO, station="POT-SAN-021", place=2)
PROVIDER = DESKS[MSP]["provider_ids"][0]
CANNOT_END = "The app does not end charging."
HUB_WITHIN = 30.0


def remote_start(stage: Stage) -> None:
    with hub_between(stage.narrator.note):
        with scope(desk=stage.desk(CPO)):
            stage.until_connected(GUEST.station)
        tell_yard(Doing.UNPLUG, GUEST)
        _reserves(stage)
        session = _starts(stage)
        at_msp = mara(stage)
        stage.narrator.act(GUEST.name, f"phones VoltPass: “{CANNOT_END}”")
        at_msp.opens(
            caller="user", problem="cannot_end", evse_label=label_of(GUEST), token=GUEST.token,
            user_phone=GUEST.phone, stuck_end="station", issue=CANNOT_END,
        )  # fmt: skip
        _is_ended(stage, at_msp, session)
        at_msp.answers("self_help", "It is out")
        at_msp.closes()


def _reserves(stage: Stage) -> None:
    """Raises NotInTime."""
    message = RemoteReservationStart(
        ProviderID=PROVIDER, EvseID=label_of(GUEST), Identification=_contract(GUEST), Duration=15
    )
    with hub_client(stage.desk(MSP)) as client:
        said = client.start_reservation(message)
    stage.narrator.act(GUEST.name, f"reserves {label_of(GUEST)} in the app: {said.says}")
    with scope(desk=stage.desk(CPO)):
        held = Reservation.objects.filter(evse__label=label_of(GUEST), state=Reservation.State.HELD)
        kept = stage.happenings.until("The reservation at Nordlade", held.last, HUB_WITHIN)
        reported = Evse.objects.filter(pk=kept.evse_id, status="Reserved")
        stage.happenings.until(f"The report of {GUEST.station}", reported.exists, HUB_WITHIN)
    stage.narrator.note(f"station {GUEST.station} reports Reserved, for the token {kept.tag}")


def _starts(stage: Stage) -> Session:
    """The session as Nordlade has it, once VoltPass has heard that charging began. Raises NotInTime."""
    message = AuthorizeRemoteStart(ProviderID=PROVIDER, EvseID=label_of(GUEST), Identification=_contract(GUEST))
    with hub_client(stage.desk(MSP)) as client:
        said = client.remote_start(message)
    stage.narrator.act(GUEST.name, f"plugs in and starts in the app: {said.says}")
    hub_id = (said.answer.SessionID if said.answer else None) or ""
    if said.accepted:
        origin = Origin(stage.now(), reference=said.process_id, sent_by_us=True)
        record_authorisation(stage.desk(MSP), authorisation_of(message, origin, SessionIds(hub_id)))
    with scope(desk=stage.desk(CPO)):
        ours = Session.objects.filter(desk=stage.desk(CPO), session_id=hub_id, station__isnull=False)
        session = stage.happenings.until("The transaction of the station", ours.first, HUB_WITHIN)
    with scope(desk=stage.desk(MSP)):
        theirs = Session.objects.filter(desk=stage.desk(MSP), session_id=hub_id, grade="started")
        stage.happenings.until("The notification at VoltPass", theirs.exists, HUB_WITHIN)
    stage.narrator.note(f"one session at Nordlade: the station's transaction {session.transaction_id} and")
    stage.narrator.note(f"the hub's session: {hub_id}")
    return session


def _is_ended(stage: Stage, at_msp: Operator, session: Session) -> None:
    """By VoltPass through the hub; the record comes when the cable is out. Raises NotInTime."""
    at_msp.ends_session()
    with scope(desk=stage.desk(CPO)):
        stopped = Session.objects.filter(pk=session.pk, charging=False)
        stage.happenings.until("The end at the station", stopped.exists, HUB_WITHIN)
    stage.narrator.note(f"station {GUEST.station} has stopped")
    stage.pulls(GUEST)
    with scope(desk=stage.desk(MSP)):
        records = Cdr.objects.filter(desk=stage.desk(MSP), session__session_id=session.session_id)
        record = stage.happenings.until("The CDR at VoltPass", records.select_related("evidence").first, HUB_WITHIN)
    stage.narrator.note(f"VoltPass has the CDR: {record.evidence.energy_kwh:.3f} kWh")


def _contract(driver: Driver) -> IdentificationType:
    """Nobody takes a contract id without its check character."""
    stem = ContractId.parse(driver.contract).stem_key
    evco_id = f"{driver.contract}-{iso_check_character(stem)}"
    return IdentificationType(RemoteIdentification=ContractIdentification(EvcoID=evco_id))


REMOTE_START = Play(
    "remote_start",
    "A User reserves and starts in VoltPass's app: hub, Nordlade and its station have one session, ended by VoltPass.",
    "S7 S12 A9",
    remote_start,
)
