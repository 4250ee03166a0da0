"""From the neutral facts of scenarios.md to the verbs of the desk. No rule of the procedure stands here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from roamdesk.cases import services
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.models import Case
from roamdesk.cases.services import CallMade
from roamdesk.charging.models import Evse, Session, Station
from roamdesk.desks.models import Desk
from roamdesk.identifiers import label_key, sounds_key
from roamdesk.partners.models import Partner

Given = dict[str, Any]
HARNESS = Actor("the scenario", Through.DEMO)
USER_PHONE = "+493055507777"


def play(scenario: Given, desk: Desk, partner: Partner) -> Case:
    """The case after all facts of ``given``, each told at its own minute, a correction at its own."""
    start = datetime.fromisoformat(scenario["starts_at"])
    given = scenario["given"]
    for fact in given:
        if fact["fact"] == "backend":
            seed_backend(desk, fact["session"])
    side = scenario["seen_from"]
    opening = _opening(side, given)
    case = services.open_case(desk, side=side, facts=opening, partner=partner, actor=HARNESS, at=start)
    for fact in given:
        at = start + timedelta(minutes=fact["at"])
        values = facts_of(fact, side)
        if "corrects" in fact:
            replaced = dict.fromkeys(facts_of(given[fact["corrects"]], side))
            for name, value in (replaced | values).items():
                case = services.edit_fact(case, name, value, actor=HARNESS, at=at)
        elif values or fact["fact"] in CALLS:
            case = services.record_facts(case, values, actor=HARNESS, at=at, call=_call(fact))
    return case


def _opening(side: str, given: list[Given]) -> dict[str, str]:
    """Who is there at the start: the User, the partner's call centre, or nobody."""
    kinds = {fact["fact"] for fact in given}
    known = {"user_phone": USER_PHONE} if side == "msp" and "user_calls" in kinds else {}
    if "user_calls" in kinds:
        return {"caller": "user", **known}
    if "request" in kinds:
        own = next(fact for fact in given if fact["fact"] == "request")["by"] == side
        return {"caller": "ourselves" if own else "partner_mail"}
    if any(fact["fact"] == "call" for fact in given):
        return {"caller": "partner"}
    return {"caller": "partner_mail" if any(f["fact"] == "mail_sent" for f in given) else "ourselves"}


def seed_backend(desk: Desk, session: Given | None) -> None:
    """What the CPO's backend shows: one session at one EVSE of ours, or none."""
    if session is None:
        return
    label = session["evse_label"]
    station = Station.objects.create(desk=desk, identity=f"ST-{label}", address=session.get("station_address", ""))
    evse = Evse.objects.create(
        desk=desk,
        station=station,
        label=label,
        label_key=label_key(label),
        sounds_key=sounds_key(label),
        address=session.get("station_address", ""),
    )
    start = datetime.fromisoformat(session["start"])
    Session.objects.create(desk=desk, evse=evse, started_at=start, observed_at=start)


CALLS = frozenset({"call", "phone_notice"})


def _call(fact: Given) -> CallMade | None:
    if fact["fact"] not in CALLS:
        return None
    to = fact["to"] if isinstance(fact["to"], str) else fact["to"][0]
    return CallMade(to, fact["result"])


def facts_of(fact: Given, side: str) -> dict[str, Any]:
    """The desk's own facts for one neutral fact; an unknown kind is an error of the file."""
    return {name: value for name, value in TRANSLATIONS[fact["fact"]](fact, side).items() if value not in (None, "")}


def _nothing(fact: Given, side: str) -> Given:
    return {}


def _problem(fact: Given, side: str) -> Given:
    return {"problem": fact["value"], "issue": fact.get("says")}


def _place(fact: Given, side: str) -> Given:
    return {"evse_label": fact.get("evse_label"), "station_address": fact.get("station_address")}


def _session(fact: Given, side: str) -> Given:
    return {"session_state": fact["state"], "session_id": fact.get("session_id"), "cdr_id": fact.get("cdr_id")}


def _identity(fact: Given, side: str) -> Given:
    given = {"token": fact.get("token_id"), "evse_label": fact.get("evse_label")}
    return {**given, "identity": "full" if all(given.values()) else "partly"}


def _told_outcome(fact: Given, side: str) -> Given:
    answered = fact["result"] == "answered" and fact.get("about") == "unsuccessful"
    return {"phone_told": "unsuccessful" if answered else None}


def _mail_sent(fact: Given, side: str) -> Given:
    if fact["about"] == "request":
        return {"mail_sent" if fact["by"] == side else "issue": "yes" if fact["by"] == side else "their mail"}
    names = {"msp_support": "mailed_support", "msp_fp": "mailed_focal_points"}
    return {names[to]: fact["about"] for to in fact["to"] if to in names}


def _mail_answered(fact: Given, side: str) -> Given:
    if fact["by"] == side:
        return {"request_answered": "yes"}
    return {"mail_answered": "settled" if fact.get("settled") else "open"}


def _answers(fact: Given, side: str) -> Given:
    return {name: fact.get(name) for name in ("session_start", "evse_label", "station_address")}


def _danger_told(fact: Given, side: str) -> Given:
    return {"danger_told": "yes", **_place(fact, side)}


def _hurt(fact: Given, side: str) -> Given:
    return {"hurt": fact["answer"], "emergency_named": "yes" if fact.get("emergency_number_said") else "no"}


def _told_user(fact: Given, side: str) -> Given:
    names = {"send_to_msp": "sent_to_msp", "suggest_other_station": "other_station", "outcome": "user_told"}
    return {names[fact["what"]]: "yes"}


def _same(theirs: str, ours: str) -> Callable[[Given, str], Given]:
    return lambda fact, side: {ours: fact[theirs]}


def _just(ours: str, value: str = "yes") -> Callable[[Given, str], Given]:
    return lambda fact, side: {ours: value}


TRANSLATIONS: dict[str, Callable[[Given, str], Given]] = {
    "user_calls": _nothing,
    "call": _nothing,
    "backend": _nothing,
    "directory": _same("evse_id", "evse_id"),
    "mail_draft": _nothing,
    "problem": _problem,
    "danger": _same("value", "danger"),
    "hurt_asked": _hurt,
    "place": _place,
    "evse_id": _same("value", "evse_id"),
    "token": _same("token_id", "token"),
    "connector": _same("type", "plug"),
    "session": _session,
    "self_help": _same("result", "self_help"),
    "identity_given": _identity,
    "unlock_asked": _just("unlock_asked"),
    "unlock": _same("result", "unlock"),
    "consent": _same("value", "consent"),
    "phone_passed": _just("phone_passed"),
    "user_contacted": _same("result", "user_contacted"),
    "actions_exhausted": _just("exhausted"),
    "user_freed": _just("freed"),
    "field_visit": _same("promised_at", "promised_at"),
    "phone_notice": _told_outcome,
    "mail_sent": _mail_sent,
    "mail_answered": _mail_answered,
    "danger_told": _danger_told,
    "intervention": _same("result", "intervention"),
    "answers": _answers,
    "caller_msp": lambda fact, side: {"msp_known": "yes" if fact["known"] else "no"},
    "assisted": _same("result", "assisted"),
    "needs_charge": _same("value", "needs_charge"),
    "internal_procedure": _same("state", "internal_procedure"),
    "told_user": _told_user,
    "request": _same("about", "issue"),
    "cpo_needed": _same("value", "cpo_needed"),
    "event_time": lambda fact, side: {"event_time": fact["value"], "time_exact": "yes" if fact["exact"] else "no"},
}
