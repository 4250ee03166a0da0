"""The verbs: the only way to change a case. Each is one transaction.

A verb locks the case, appends events, makes the plan anew, brings the duties in line and queues what a machine can do;
inserting its events wakes the screens. Every ``at`` is an instant in UTC. A refused verb raises ``errors.Refused`` and
changes nothing. Orders to stations are in ``commands``, mails in ``notices``, what time does in ``clocks``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django_scopes import scope

from roamdesk.cases import looking_up, settling
from roamdesk.cases.actors import Actor
from roamdesk.cases.comparing import compare
from roamdesk.cases.errors import Refused, StaleCase
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, CaseLink, CaseNumber, Event, PersonalValue
from roamdesk.cases.procedures import procedure_of, version_in_force
from roamdesk.cases.settling import plan_of, settle
from roamdesk.cases.snapshot import facts_of, keep, refold
from roamdesk.cases.telling import checked, put_away
from roamdesk.cases.words import full
from roamdesk.charging.models import Evse
from roamdesk.correspondence import services as correspondence
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner
from roamdesk.procedure import Entry, Side, advance
from roamdesk.procedure.model import Answer

LONGEST_NOTE = 10_000


@dataclass(frozen=True)
class CallMade:
    """A phone call that goes with an answer. ``to`` is cpo_cc, msp_cc or user."""

    to: str
    result: str
    number: str = ""
    seconds: int | None = None


@contextmanager
def changing(case: Case, *, expected_version: int | None = None) -> Iterator[Case]:
    """The case, locked, within its desk and a transaction.

    Raises StaleCase when it is not at ``expected_version`` any more.
    """
    with scope(desk=case.desk), transaction.atomic():
        locked: Case = Case.objects.select_for_update(of=("self",)).select_related("desk", "partner").get(pk=case.pk)
        if expected_version is not None and locked.version != expected_version:
            last = Event.objects.get(case=locked, number=locked.version)
            raise StaleCase(last.by, last.recorded_at)
        yield locked
        _write_down(locked)


def _write_down(case: Case) -> None:
    """A verb's events and its case, at once. Inserting an event wakes the screens (a trigger)."""
    Event.objects.bulk_create(case.unwritten)
    case.unwritten.clear()
    case.save()


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
    """A new case with our reference, on the procedure version in force.

    Raises FactRefused for a value that can't be taken, Refused for a side that the desk does not play.
    """
    if side not in desk.sides:
        raise Refused(f"{desk} does not play the side '{side}'. Choose: {', '.join(desk.sides)}.")
    with scope(desk=desk), transaction.atomic():
        case = Case(desk=desk, side=side, partner=partner, evse=evse, their_reference=their_reference[:60])
        case.procedure = version_in_force(desk, at)
        values = checked(procedure_of(case), {"side": side, **facts}, at, desk.country)
        case.reference, case.opened_at, case.changed_at = _next_reference(desk, at), at, at
        case.owner = actor.person
        case.save(force_insert=True)
        _tell(case, "opened", values, actor, at)
        settle(case, actor, at)
        _write_down(case)
    return case


def _next_reference(desk: Desk, at: datetime) -> str:
    """For instance ``VP-2611-0187``. A number that was given out is never used again."""
    month = f"{at:%y%m}"
    table = CaseNumber._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (desk_id, month, last) VALUES (%s, %s, 1)"
            f" ON CONFLICT (desk_id, month) DO UPDATE SET last = {table}.last + 1 RETURNING last",
            [desk.pk, month],
        )
        number = cursor.fetchone()[0]
    return f"{desk.reference_prefix}-{month}-{number:04d}"


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
    """Tell facts, and log the call that they were told in.

    Raises FactRefused, StaleCase.
    """
    with changing(case, expected_version=expected_version) as locked:
        told = checked(procedure_of(locked), values, at, locked.desk.country)
        if call:
            _log(locked, call, actor, at)
        _tell(locked, "facts", told, actor, at, note=note, call=call, rule=rule)
        settle(locked, actor, at)
    return locked


def edit_fact(
    case: Case, name: str, value: Any, *, actor: Actor, at: datetime, expected_version: int | None = None
) -> Case:
    """Correct an earlier answer: one more event, and the plan follows."""
    with changing(case, expected_version=expected_version) as locked:
        told = checked(procedure_of(locked), {name: value}, at, locked.desk.country)
        _tell(locked, "edited", told, actor, at)
        settle(locked, actor, at)
    return locked


def take_back(case: Case, *, actor: Actor, at: datetime, expected_version: int | None = None) -> Case:
    """Take the last answer back: one more event, and the plan is as it was before it.

    Raises Refused when there is nothing to take back, or a machine has already acted on it.
    """
    with changing(case, expected_version=expected_version) as locked:
        last = _last_answer(locked)
        if last is None:
            raise Refused("There is no answer to take back. Edit a fact instead.")
        write(locked, "taken_back", {"of": last.number, "values": last.data["values"]}, actor, at)
        keep(locked, refold(locked))
        settle(locked, actor, at)
    return locked


def _last_answer(case: Case) -> Event | None:
    events = list(case.events.filter(kind__in=("facts", "edited", "taken_back")).order_by("-number"))
    gone = {event.data["of"] for event in events if event.kind == "taken_back"}
    return next((e for e in events if e.kind != "taken_back" and e.number not in gone and e.data["values"]), None)


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
    """Write the event and fold it into what is known; what the directory says of a place is told with it."""
    procedure = procedure_of(case)
    values, looked_up = looking_up.complete(case, procedure, values)
    kept = put_away(case, procedure, values)
    data: dict[str, Any] = {"values": kept}
    if looked_up:
        data["looked_up"] = sorted(looked_up)
    if note:
        data["note"] = note[:LONGEST_NOTE]
    if rule:
        data["rule"] = rule
    if call:
        data["call"] = {"to": call.to, "result": call.result, "number": call.number}
    write(case, kind, data, actor, at)
    keep(case, advance(procedure, facts_of(case), [Entry(at, kept, corrects=kind == "edited")]))
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
    answer = _answer_of(case, rule_id, key)
    wanted = {name: value for name, value in typed.values.items() if name in answer.asks and value}
    if answer.asks and not answer.record and not answer.call and not wanted:
        titles = [procedure_of(case).facts[name].title for name in answer.asks]
        raise Refused(f"'{answer.text}' needs something typed: {' or '.join(titles)}.")
    rule = procedure_of(case).duty(rule_id)
    call = CallMade(rule.to[-1], answer.call, typed.number, typed.seconds) if answer.call else None
    return record_facts(
        case,
        {**answer.record, **wanted},
        actor=actor,
        at=at,
        expected_version=expected_version,
        note=typed.note,
        call=call,
        rule=rule_id,
    )


def _answer_of(case: Case, rule_id: str, key: int) -> Answer:
    with scope(desk=case.desk):
        open_rules = {rule.id: rule for rule in plan_of(case).rules}
    rule = open_rules.get(rule_id)
    if rule is None:
        raise Refused("This step is not open any more. Look at the case, then answer again.")
    if not 1 <= key <= len(rule.answers):
        raise Refused(f"This step has the answers 1 to {len(rule.answers)}.")
    return rule.answers[key - 1]


def log_call(case: Case, call: CallMade, *, actor: Actor, at: datetime) -> Case:
    """A call that answered nothing: an unanswered one discharges no duty and restarts no clock (A14)."""
    return record_facts(case, {}, actor=actor, at=at, call=call)


def _log(case: Case, call: CallMade, actor: Actor, at: datetime) -> None:
    correspondence.log_call(
        case.desk,
        to=call.to if call.to in correspondence.CALLED else "user",
        result=call.result,
        by=actor.name,
        at=at,
        about=about(case),
        partner=case.partner,
        number=call.number,
        seconds=call.seconds,
    )


def about(case: Case) -> str:
    """How rooms below name a case that they do not know."""
    return f"case:{case.pk}"


# ---- departing from the plan, declining ----


def depart(case: Case, rule: str, reason: str, *, actor: Actor, at: datetime) -> Case:
    """Leave a duty undone, against the procedure, with a reason. Raises Refused without one."""
    return _without(case, rule, reason, "departed", actor, at)


def decline(case: Case, rule: str, reason: str, *, actor: Actor, at: datetime) -> Case:
    """Decline a duty that the procedure lets us decline (A8). Raises Refused where it does not."""
    if not procedure_of(case).duty(rule).waivable:
        raise Refused("The procedure does not let us decline this. Depart from it with a reason instead.")
    return _without(case, rule, reason or "declined", "declined", actor, at)


def _without(case: Case, rule: str, reason: str, kind: str, actor: Actor, at: datetime) -> Case:
    if not reason.strip():
        raise Refused("A departure from the procedure needs a reason. Say why in a few words.")
    with changing(case) as locked:
        if rule not in {each.id for each in plan_of(locked).rules}:
            raise Refused("This is not owed any more.")
        write(locked, kind, {"rule": rule, "reason": reason.strip()[:LONGEST_NOTE]}, actor, at)
        facts = facts_of(locked)
        keep(locked, type(facts)(facts.values, facts.since, facts.counts, facts.decisive, facts.declined | {rule}))
        settle(locked, actor, at)
    return locked


# ---- working together ----


def take_case(case: Case, *, actor: Actor, at: datetime) -> Case:
    with changing(case) as locked:
        locked.owner = actor.person
        return _noted(locked, "taken", {}, actor, at)


def hand_over(case: Case, to: Person | None, note: str, *, actor: Actor, at: datetime) -> Case:
    """Hand over to someone of this desk, or back to the queue. Raises Refused for a stranger or without a note."""
    if not note.strip():
        raise Refused("Say in a few words what the next one must know.")
    with changing(case) as locked:
        if to and not locked.desk.memberships.filter(person=to).exists():
            raise Refused("That person does not work at this desk.")
        locked.owner = to
        return _noted(locked, "handed_over", {"to": str(to or "the queue"), "note": note[:LONGEST_NOTE]}, actor, at)


def add_note(case: Case, note: str, *, actor: Actor, at: datetime) -> Case:
    if not note.strip():
        raise Refused("The note is empty.")
    with changing(case) as locked:
        return _noted(locked, "noted", {"note": note.strip()[:LONGEST_NOTE]}, actor, at)


def set_their_reference(case: Case, reference: str, *, actor: Actor, at: datetime) -> Case:
    with changing(case) as locked:
        locked.their_reference = reference.strip()[:60]
        return _noted(locked, "their_reference", {"reference": locked.their_reference}, actor, at)


def link_cases(case: Case, other: Case, why: str, *, actor: Actor, at: datetime) -> Case:
    """Say that two cases belong together. Raises Refused for the same one, or one of another desk."""
    if case.pk == other.pk or case.desk_id != other.desk_id:
        raise Refused("Choose another case of this desk.")
    with changing(case) as locked:
        CaseLink.objects.get_or_create(desk=locked.desk, case=locked, other=other, defaults={"why": why[:200]})
        return _noted(locked, "linked", {"to": other.reference, "why": why[:200]}, actor, at)


def merge_cases(case: Case, into: Case, *, actor: Actor, at: datetime) -> Case:
    """``case`` ends as a part of ``into``; its duties lapse, its history stays. Raises Refused as link_cases."""
    link_cases(into, case, "merged", actor=actor, at=at)
    with changing(case) as locked:
        if locked.state == Case.State.MERGED:
            raise Refused(f"It is merged already, into {locked.merged_into}.")
        write(locked, "merged", {"into": into.reference}, actor, at)
        locked.duties.filter(state="open").update(state="lapsed", ended_at=at, next_clock_at=None, performs_at=None)
        locked.state, locked.merged_into, locked.closed_at = Case.State.MERGED, into, at
        locked.is_danger, locked.next_action, locked.next_due_at = False, "", None
    return locked


def close_case(case: Case, *, actor: Actor, at: datetime, reason: str = "") -> Case:
    """Close a case. Raises Refused while something is owed; then depart from it first."""
    with changing(case) as locked:
        if not plan_of(locked).may_close:
            raise Refused(f"Something is still owed: {locked.next_action}. Do it, or depart from it with a reason.")
        if locked.state == Case.State.OPEN:
            settling.close(locked, actor, at, reason[:200] or "closed by the operator")
    return locked


def reopen_case(case: Case, reason: str, *, actor: Actor, at: datetime) -> Case:
    """Raises Refused for a merged case or without a reason."""
    if not reason.strip():
        raise Refused("Say why the case is opened again.")
    with changing(case) as locked:
        if locked.state == Case.State.MERGED:
            raise Refused(f"It was merged into {locked.merged_into}. Reopen that one.")
        locked.state, locked.closed_at = Case.State.OPEN, None
        return _noted(locked, "reopened", {"because": reason[:200]}, actor, at)


def _noted(case: Case, kind: str, data: dict[str, Any], actor: Actor, at: datetime) -> Case:
    """An event that changes no fact: duties stay as they are."""
    write(case, kind, data, actor, at)
    return case


# ---- personal data ----


def reveal(case: Case, name: str, reason: str, *, actor: Actor, at: datetime) -> str:
    """A personal value in full; showing it is an event.

    Raises Refused without a reason, for a value that was erased, and for one that this side may not see (S17, A15).
    """
    if not reason.strip():
        raise Refused("Showing personal data needs a reason.")
    with changing(case) as locked:
        pointer = locked.known.get("values", {}).get(name)
        value = full(locked, name, pointer) if isinstance(pointer, dict) else ""
        if not value:
            raise Refused("There is nothing to show; it was never told, or it was erased.")
        if hidden_from_us(locked, name):
            raise Refused("The User's consent does not hold any more. The number stays hidden (A15).")
        _noted(locked, "revealed", {"field": name, "reason": reason.strip()[:200]}, actor, at)
    return value


def hidden_from_us(case: Case, name: str) -> bool:
    """Whether the other side's User data may not be seen here now: disclosed to us once, and not any more."""
    governed = any(d.field == name and d.to == case.side for d in procedure_of(case).disclosures)
    return governed and not plan_of(case).sees(Side(case.side), name)


def erase_personal_values(case: Case, *, actor: Actor, at: datetime) -> Case:
    """Retention: the values go, the history stays."""
    with changing(case) as locked:
        names = list(locked.personal_values.exclude(value="").values_list("field", flat=True).distinct())
        PersonalValue.objects.filter(case=locked).update(value="", erased_at=at)
        return _noted(locked, "erased", {"fields": sorted(names)}, actor, at)
