"""The verbs: the only way to change a case. Each is one transaction.

A verb locks the case, appends events, makes the plan anew, brings the duties in line and queues what a machine can do;
inserting its events wakes the screens. Every ``at`` is an instant in UTC. A refused verb raises ``errors.Refused`` and
changes nothing. Orders to stations are in ``commands``, mails in ``notices``, what time does in ``clocks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django_scopes import scope

from roamdesk.cases import looking_up, settling, writing
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.changing import LONGEST_REASON, about, changing, said
from roamdesk.cases.comparing import compare
from roamdesk.cases.errors import FactRefused, Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, Event
from roamdesk.cases.personal import erase_personal_values, hidden_from_us, reveal
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.searching import words_of
from roamdesk.cases.settling import plan_of, settle
from roamdesk.cases.snapshot import facts_of, keep, refold, without
from roamdesk.cases.teamwork import (
    LONGEST_REFERENCE,
    add_note,
    hand_over,
    link_cases,
    merge_cases,
    set_their_reference,
    take_case,
)
from roamdesk.cases.telling import note as noted
from roamdesk.cases.telling import put_away, told
from roamdesk.cases.words import masked
from roamdesk.charging.models import Evse
from roamdesk.correspondence import services as correspondence
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner
from roamdesk.partners.procedures import shipped_digest, shipped_version
from roamdesk.procedure import Entry, advance
from roamdesk.procedure.model import Answer, DutyRule

__all__ = [
    "CallMade", "Typed", "about", "add_note", "answer_step", "changing", "close_case", "decline", "depart", "edit_fact",
    "erase_personal_values", "hand_over", "hidden_from_us", "link_cases", "log_call", "merge_cases", "open_case",
    "record_facts", "reopen_case", "reveal", "set_their_reference", "take_back", "take_case",
]  # fmt: skip

LONGEST_NUMBER = 20
FINDABLE_BY = frozenset({"evse_label", "evse_id", "station_address"})
MACHINES = frozenset({Through.STATION, Through.MAIL, Through.CLOCK})
ACTED = frozenset({"command", "command_result", "mail_queued", "mail_state"})


@dataclass(frozen=True)
class CallMade:
    """A phone call that goes with an answer. ``to`` is one of ``correspondence.CALLED``."""

    to: str
    result: str
    number: str = ""
    seconds: int | None = None


# ---- opening and telling ----


def open_case(
    desk: Desk,
    *,
    side: str,
    facts: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    partner: Partner | None = None,
    evse: Evse | None = None,
    their_reference: str = "",
) -> Case:
    """A new case with our reference, on the procedure version in force with the partner, else at the desk.

    Raises FactRefused for a value that can't be taken, Refused for a side that the desk does not play, and for a
    partner or EVSE of another desk.
    """
    if side not in desk.sides:
        raise Refused(f"{desk} does not play the side '{side}'. Choose: {', '.join(desk.sides)}.")
    if any(each is not None and each.desk_id != desk.pk for each in (partner, evse)):
        raise Refused("Partner and EVSE must be of this desk. Choose them anew.")
    if facts.get("side", side) != side:
        raise FactRefused("side", "A case stands on the side that it is opened for. Open another one.")
    with scope(desk=desk), transaction.atomic():
        case = Case(desk=desk, side=side, partner=partner, evse=evse, opened_at=at, owner=actor.person)
        case.their_reference = noted(their_reference, LONGEST_REFERENCE)
        _number(case, at)
        values = {name: value for name, value in facts.items() if name != "side"}
        values = {"side": side} | told(procedure_of(case), values, at, desk.country)
        _tell(case, "opened", values, actor, at)
        settle(case, actor, at)
        writing.write_down(case)
    return case


def _number(case: Case, at: datetime) -> None:
    """Our reference, for instance ``VP-2611-0187``, and the procedure in force. No number is used a second time."""
    month = f"{at:%y%m}"
    new = writing.new_case(case.desk_id, month, shipped_digest(), case.partner_id, at)
    case.id, case.reference = new.id, f"{case.desk.reference_prefix}-{month}-{new.number:04d}"
    case.procedure_id = new.version_id or shipped_version(at).pk


def record_facts(
    case: Case,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
    note: str = "",
    call: CallMade | None = None,
    rule: str = "",
) -> Case:
    """Tell facts, and log the call that they were told in. Nothing told, nothing is written.

    Raises FactRefused, StaleCase.
    """
    with changing(case, expected_version=expected_version) as locked:
        record(locked, values, actor, at, note=note, call=call, rule=rule)
    return locked


def record(
    case: Case,
    values: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    *,
    note: str = "",
    call: CallMade | None = None,
    rule: str = "",
) -> None:
    """As ``record_facts``, in a case that is being changed."""
    kept = told(procedure_of(case), values, at, case.desk.country)
    if not kept and not note and call is None:
        return
    if call:
        _log(case, call, actor, at)
    _tell(case, "facts", kept, actor, at, note=note, call=call, rule=rule)
    settle(case, actor, at)


def edit_fact(
    case: Case, name: str, value: Any, *, actor: Actor, at: datetime, expected_version: int | None = None
) -> Case:
    """Correct an earlier answer: one more event, and the plan follows."""
    with changing(case, expected_version=expected_version) as locked:
        _tell(locked, "edited", told(procedure_of(locked), {name: value}, at, locked.desk.country), actor, at)
        settle(locked, actor, at)
    return locked


def take_back(case: Case, *, actor: Actor, at: datetime, expected_version: int | None = None) -> Case:
    """Take the last answer back: one more event, and the plan is as it was before it.

    Raises Refused when there is nothing to take back, or a machine has already acted on it.
    """
    with changing(case, expected_version=expected_version) as locked:
        last = _last_answer(locked)
        write(locked, "taken_back", {"of": last.number, "values": last.data["values"]}, actor, at)
        keep(locked, refold(locked))
        if FINDABLE_BY.intersection(last.data["values"]):
            looking_up.locate(locked)
            locked.draft.words = words_of(locked)
        compare(locked, last.data["values"], at)
        settle(locked, actor, at)
    return locked


def _last_answer(case: Case) -> Event:
    events = list(case.events.filter(kind__in=("facts", "edited", "taken_back", *ACTED)).order_by("-number"))
    gone = {event.data["of"] for event in events if event.kind == "taken_back"}
    for event in events:
        if event.kind in ACTED:
            raise Refused("A machine has acted on your last answer. Edit the fact instead; the plan follows.")
        told_by_person = event.kind != "taken_back" and event.through not in MACHINES
        if told_by_person and event.number not in gone and event.data["values"]:
            return event
    raise Refused("There is no answer to take back. Edit a fact instead.")


def _tell(
    case: Case,
    kind: str,
    values: dict[str, Any],
    actor: Actor,
    at: datetime,
    *,
    note: str = "",
    call: CallMade | None = None,
    rule: str = "",
) -> None:
    """Write the event and fold it into what is known; what we know of its place and User is told with it."""
    procedure = procedure_of(case)
    values, of_place = looking_up.complete(case, procedure, values)
    values, of_user = looking_up.complete_user(case, procedure, values)
    looked_up = of_place | of_user
    kept = put_away(case, procedure, values)
    data: dict[str, Any] = {"values": kept}
    if looked_up:
        data["looked_up"] = sorted(looked_up)
    if note:
        data["note"] = noted(note)
    if rule:
        data["rule"] = rule
    if call:
        data["call"] = {"to": call.to, "result": call.result, "number": _shown_number(call)}
    event = write(case, kind, data, actor, at)
    keep(case, advance(procedure, facts_of(case), [Entry(event.at, kept, corrects=kind == "edited")]))
    if kind == "opened" or FINDABLE_BY.intersection(kept):
        case.draft.words = words_of(case)
    compare(case, kept, at)


# ---- answering a step ----


@dataclass(frozen=True)
class Typed:
    """What an operator typed with an answer, by fact."""

    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    number: str = ""
    seconds: int | None = None


def answer_step(
    case: Case,
    rule_id: str,
    key: int,
    *,
    actor: Actor,
    at: datetime,
    typed: Typed | None = None,
    expected_version: int | None = None,
) -> Case:
    """Press answer ``key`` (from 1) of an open duty: its facts, what was typed with it, its call.

    Raises Refused where the duty is not open, the answer does not exist or what it asks for was not typed.
    """
    typed = typed or Typed()
    with changing(case, expected_version=expected_version) as locked:
        rule, answer = _answer_of(locked, rule_id, key)
        wanted = {name: value for name, value in typed.values.items() if name in answer.asks and value}
        _demand(locked, answer, wanted)
        _demand_required(locked, rule, answer, wanted)
        call = CallMade(rule.to[-1], answer.call, typed.number, typed.seconds) if answer.call else None
        record(locked, {**answer.record, **wanted}, actor, at, note=typed.note, call=call, rule=rule_id)
    return locked


def _answer_of(case: Case, rule_id: str, key: int) -> tuple[DutyRule, Answer]:
    rule = next((each for each in plan_of(case).rules if each.id == rule_id), None)
    if rule is None:
        raise Refused("This step is not open any more. Look at the case, then answer again.")
    if not 1 <= key <= len(rule.answers):
        raise Refused(f"This step has the answers 1 to {len(rule.answers)}.")
    return rule, rule.answers[key - 1]


def _demand(case: Case, answer: Answer, typed: Mapping[str, Any]) -> None:
    """What an answer asks for must be typed with it or known; a call needs no words."""
    known = case.known["values"]
    if answer.asks and not answer.call and not typed and not any(name in known for name in answer.asks):
        titles = [procedure_of(case).facts[name].title for name in answer.asks]
        raise Refused(f"'{answer.text}' needs something typed: {' or '.join(titles)}.")


def _demand_required(case: Case, rule: DutyRule, answer: Answer, typed: Mapping[str, Any]) -> None:
    """An answer that says the duty is done is refused while what it must carry is not known."""
    missing = next((duty.missing for duty in plan_of(case).duties if duty.rule.id == rule.id), ())
    if rule.until.facts.intersection(answer.record) and not set(missing) <= set(typed):
        titles = [procedure_of(case).facts[name].title for name in missing]
        raise Refused(f"'{answer.text}' can't be said yet. Missing: {', '.join(titles)}. Tell it first.")


def log_call(case: Case, call: CallMade, *, actor: Actor, at: datetime) -> Case:
    """A call that answered nothing: an unanswered one discharges no duty and restarts no clock (A14)."""
    return record_facts(case, {}, actor=actor, at=at, call=call)


def _log(case: Case, call: CallMade, actor: Actor, at: datetime) -> None:
    try:
        correspondence.log_call(
            case.desk,
            to=call.to if call.to in correspondence.CALLED else "user",
            result=call.result,
            by=actor.name[:80],
            at=at,
            about=about(case),
            partner=case.partner,
            number=_shown_number(call),
            seconds=call.seconds,
        )
    except correspondence.CallRefused as refused:
        raise Refused(str(refused)) from None


def _shown_number(call: CallMade) -> str:
    """The number as it is kept: the User's stands in full in its one place only."""
    number = noted(call.number)
    if len(number) > LONGEST_NUMBER:
        raise Refused(f"'{number[:LONGEST_NUMBER]}…' is no phone number. Write it with the country: +49 30 5550142.")
    of_a_partner = call.to in correspondence.CALLED and call.to != "user"
    return number if of_a_partner or not number else masked(number)


# ---- departing from the plan, declining ----


def depart(case: Case, rule: str, reason: str, *, actor: Actor, at: datetime) -> Case:
    """Leave a duty undone, against the procedure, with a reason. Raises Refused without one."""
    return _leave(case, rule, reason, "departed", actor, at)


def decline(case: Case, rule: str, reason: str, *, actor: Actor, at: datetime) -> Case:
    """Decline a duty that the procedure lets us decline (A8). Raises Refused where it does not."""
    if not any(each.id == rule and each.waivable for each in procedure_of(case).duties):
        raise Refused("The procedure does not let us decline this. Depart from it with a reason instead.")
    return _leave(case, rule, reason or "declined", "declined", actor, at)


def _leave(case: Case, rule: str, reason: str, kind: str, actor: Actor, at: datetime) -> Case:
    why = said(reason, "A departure from the procedure needs a reason. Say why in a few words.")
    with changing(case) as locked:
        if rule not in {each.id for each in plan_of(locked).rules}:
            raise Refused("This is not owed any more.")
        write(locked, kind, {"rule": rule, "reason": why}, actor, at)
        keep(locked, without(facts_of(locked), rule))
        settle(locked, actor, at)
    return locked


def close_case(case: Case, *, actor: Actor, at: datetime, reason: str = "") -> Case:
    """Close a case. Raises Refused while something is owed; then depart from it first."""
    why = noted(reason, LONGEST_REASON) or "closed by the operator"
    with changing(case) as locked:
        plan = plan_of(locked)
        if not plan.may_close:
            raise Refused(f"Something is still owed: {locked.next_action}. Do it, or depart from it with a reason.")
        if locked.state == Case.State.OPEN:
            settling.close(locked, actor, at, why)
            settling.follow(locked, plan, (), at)
    return locked


def reopen_case(case: Case, reason: str, *, actor: Actor, at: datetime) -> Case:
    """Raises Refused for a merged case, one that is open, or without a reason."""
    why = said(reason, "Say why the case is opened again.")
    with changing(case) as locked:
        if locked.state == Case.State.OPEN:
            raise Refused("The case is open.")
        settling.open_again(locked, actor, at, why)
        plan = plan_of(locked)
        settling.follow(locked, plan, plan.duties, at)
    return locked
