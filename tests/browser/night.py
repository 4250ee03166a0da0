"""A night at two desks: cases in every state, built through the verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.cases.services import Typed, answer_step, open_case, record_facts
from roamdesk.charging.models import Evse, Plug, Session
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import ContactLine, Partner

TOKEN = "04A25B1C9D4F80"
NOW = datetime.now(UTC)
EXHAUSTED = {
    "consent": "yes",
    "user_phone": "+4915155501234",
    "phone_passed": "yes",
    "user_contacted": "not_solved",
    "exhausted": "yes",
    "promised_at": (datetime.now(UTC) + timedelta(hours=4)).isoformat(),
}


@dataclass(frozen=True)
class Night:
    """What was built; ``msp_case`` waits for the call, ``cpo_case`` for the Unlock."""

    msp: Desk
    cpo: Desk
    msp_case: Case
    cpo_case: Case
    danger: Case
    late: Case
    failed: Case
    closed: Case
    partner: Partner


def partner_evse(desk: Desk, label: str, address: str, hint: str) -> Evse:
    """An EVSE of Nordlade as the MSP's directory knows it."""
    partner = Partner.objects.get(name="Nordlade")
    return Evse.objects.create(
        desk=desk, partner=partner, label=label, evse_id=label, plug=Plug.TYPE2_SOCKET, address=address, place_hint=hint
    )


def directory(msp: Desk, cpo: Desk) -> None:
    """Four EVSEs in Berlin, known to both; two of them on one post."""
    street = "Warschauer Str. 58, Berlin"
    with scope(desk=msp):
        partner_evse(msp, "DE*NDL*E0472*1", street, "left socket")
        partner_evse(msp, "DE*NDL*E0472*2", street, "right socket")
        partner_evse(msp, "DE*NDL*E0391*1", "Am Ostbahnhof 4, Berlin", "")
        partner_evse(msp, "DE*NDL*E2210*2", "Hafenplatz 14, Berlin", "")
    with scope(desk=cpo):
        station = build_station(cpo, "BER-WAR-058", address=street, version="ocpp1.6", connection_id="c1")
        build_evse(station, "DE*NDL*E0472*1", place_hint="left socket")
        build_evse(station, "DE*NDL*E0472*2", place_hint="right socket", connector_number=2)


def build_night(msp: Desk, cpo: Desk, msp_person: Person, cpo_person: Person) -> Night:
    """Everything at once, some minutes ago."""
    directory(msp, cpo)
    _verify_contacts(msp, cpo)
    now = datetime.now(UTC)
    mara, petra = Actor.of(msp_person), Actor.of(cpo_person)
    stuck = {"caller": "user", "problem": "cable_stuck", "stuck_end": "station"}
    with scope(desk=msp):
        ready = _open(msp, mara, now - timedelta(minutes=7), "DE*NDL*E0472*1", stuck | {"token": TOKEN})
        ready = answer_step(ready, "self_help", 2, actor=mara, at=now - timedelta(minutes=3))
        waiting = _open(msp, mara, now - timedelta(minutes=9), "DE*NDL*E0472*2", stuck | {"token": "04B1C2D3E4F560"})
        waiting = answer_step(waiting, "self_help", 2, actor=mara, at=now - timedelta(minutes=8))
        waiting = answer_step(waiting, "ask_unlock", 1, actor=mara, at=now - timedelta(minutes=6))
        late = _open(msp, mara, now - timedelta(minutes=40), "DE*NDL*E0391*1", stuck | {"token": "04C1C2D3E4F561"})
        late = answer_step(late, "self_help", 2, actor=mara, at=now - timedelta(minutes=38))
        late = answer_step(late, "ask_unlock", 1, actor=mara, at=now - timedelta(minutes=36))
        closed = _open(msp, mara, now - timedelta(hours=9), "DE*NDL*E0391*1", stuck)
        closed = answer_step(closed, "self_help", 1, actor=mara, at=now - timedelta(hours=9) + timedelta(minutes=3))
        danger = _open(msp, mara, now - timedelta(minutes=2), "DE*NDL*E2210*2", {"caller": "user", "problem": "danger"})
        Case.objects.filter(pk=danger.pk).update(owner=None)
        for number, minutes in enumerate((3, 6, 7, 9, 12, 21)):
            asked_at = now - timedelta(hours=number + 1)
            case = _open(msp, mara, asked_at - timedelta(minutes=2), "DE*NDL*E0391*1", stuck)
            case = answer_step(case, "self_help", 2, actor=mara, at=asked_at - timedelta(minutes=1))
            case = answer_step(case, "ask_unlock", 1, actor=mara, at=asked_at)
            answer_step(case, "note_result", 1 + number % 3, actor=mara, at=asked_at + timedelta(minutes=minutes))
        _open(msp, mara, now - timedelta(minutes=20), "DE*NDL*E0391*1", {"caller": "user", "problem": "cannot_start"})
    with scope(desk=cpo):
        _session(cpo, now)
        case = _identified(cpo, petra, now, "DE*NDL*E0472*1")
        failed = _identified(cpo, petra, now - timedelta(minutes=8), "DE*NDL*E0472*2")
        failed = answer_step(failed, "do_unlock", 2, actor=petra, at=now - timedelta(minutes=8))
        failed = record_facts(failed, EXHAUSTED, actor=petra, at=now - timedelta(minutes=4))
    with scope(desk=msp):
        partner = Partner.objects.get(name="Nordlade")
    return Night(
        msp,
        cpo,
        _again(msp, ready),
        _again(cpo, case),
        _again(msp, danger),
        _again(msp, late),
        _again(cpo, failed),
        _again(msp, closed),
        partner,
    )


def _identified(desk: Desk, actor: Actor, now: datetime, label: str) -> Case:
    """A case of the CPO in which the token was given and fits."""
    facts = {"caller": "partner", "problem": "cable_stuck"}
    case = _open(desk, actor, now - timedelta(minutes=4), label, facts)
    token = Typed({"token": TOKEN})
    case = answer_step(case, "ask_identity_msp", 1, actor=actor, at=now - timedelta(minutes=3), typed=token)
    return answer_step(case, "accept_identity", 1, actor=actor, at=now - timedelta(minutes=2))


def _open(desk: Desk, actor: Actor, at: datetime, label: str, facts: dict[str, str]) -> Case:
    evse = Evse.objects.get(label=label)
    partner = evse.partner or Partner.objects.get(plays_msp=True)
    side = "msp" if desk.plays_msp else "cpo"
    return open_case(desk, side=side, facts=facts, actor=actor, at=at, partner=partner, evse=evse)


def _verify_contacts(*desks: Desk) -> None:
    """Somebody called the numbers twelve days ago."""
    for desk in desks:
        with scope(desk=desk):
            ContactLine.objects.update(verified_at=datetime.now(UTC) - timedelta(days=12))


def _session(desk: Desk, now: datetime) -> None:
    evse = Evse.objects.get(label="DE*NDL*E0472*1")
    Session.objects.create(
        desk=desk, evse=evse, station=evse.station, partner=Partner.objects.get(plays_msp=True), token_key=TOKEN,
        transaction_id="77", started_at=now - timedelta(minutes=56), observed_at=now - timedelta(seconds=8),
    )  # fmt: skip


def _again(desk: Desk, case: Case) -> Case:
    with scope(desk=desk):
        return Case.objects.get(pk=case.pk)
