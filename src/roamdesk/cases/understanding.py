"""What was understood of a mail stands as a proposal until a person confirms it; only then it is a fact (S32, S33)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django_scopes import scope

from roamdesk.cases.actors import INCOMING, Actor
from roamdesk.cases.attention import call_for_attention
from roamdesk.cases.belonging import Maybe, ReadMail, maybe_cases, read_closely
from roamdesk.cases.changing import about, changing
from roamdesk.cases.errors import Refused
from roamdesk.cases.incoming import case_of
from roamdesk.cases.models import Case, MailReading
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.services import record
from roamdesk.cases.teamwork import LONGEST_REFERENCE, note_their_reference
from roamdesk.cases.telling import note as noted
from roamdesk.cases.telling import storable
from roamdesk.cases.words import full
from roamdesk.correspondence.models import IncomingMail, Verdict
from roamdesk.correspondence.parsing.mail import ParsedMail
from roamdesk.desks.models import Desk
from roamdesk.procedure.planning import decide
from roamdesk.procedure.template import read_time
from roamdesk.procedure.understanding import Part, UnderstoodField
from roamdesk.procedure.understanding.references import reference_told

PROBLEM, THEIR_REFERENCE = "problem", "their_reference"
DANGER_STATED = "A machine states danger: read it now."
NOT_READ = (Verdict.OURS, Verdict.COPY, Verdict.BOUNCE, Verdict.TOO_LARGE)


class Decided(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Proposal:
    """A field of the template, the problem or their reference, as understood from a mail; and what became of it."""

    name: str
    title: str
    values: Mapping[str, str]
    raw: str
    part: str
    doubts: tuple[str, ...] = ()
    state: str = Decided.OPEN
    by: str = ""


# ---- reading ----


def keep_reading(mail: IncomingMail, read: ParsedMail) -> None:
    """Keep what a mail says, in the transaction of its reading. Read once more, what was decided stays."""
    if mail.verdict in NOT_READ:
        return
    case = case_of(mail)
    closely = read_closely(mail, read, case)
    if case and _states_danger(closely):
        with changing(case, even_merged=True) as locked:
            because = f"A mail of {mail.sender or 'nobody'} states danger: read it now."
            call_for_attention(locked, because, INCOMING, mail.arrived_at)
    if case and mail.automatic:
        _keep_reference_of_machine(case, closely, read)
    proposals = proposals_of(closely)
    maybes = [] if case else maybe_cases(closely, mail.arrived_at)
    decided = MailReading.objects.filter(mail=mail).exclude(decided_at=None).exists()
    if decided or not (proposals or maybes or closely.understood.doubts):
        return
    MailReading.objects.update_or_create(
        mail=mail,
        defaults={
            "desk": mail.desk,
            "proposals": [asdict(each) for each in proposals],
            "doubts": list(closely.understood.doubts),
            "maybe": [{"case": each.case.pk, "why": each.why} for each in maybes],
        },
    )


def proposals_of(closely: ReadMail) -> list[Proposal]:
    understood, facts = closely.understood, closely.procedure.facts
    found = [_proposal(each) for each in understood.fields]
    if understood.problem:
        raw = facts[PROBLEM].options[understood.problem]
        doubts = (DANGER_STATED,) if _states_danger(closely) else ()
        title, values = facts[PROBLEM].title, {PROBLEM: understood.problem}
        found.append(Proposal(PROBLEM, title, values, raw, Part.ATTACHMENT, doubts))
    if reference := storable(understood.their_reference)[:LONGEST_REFERENCE]:
        found.append(Proposal(THEIR_REFERENCE, "Their reference", {THEIR_REFERENCE: reference}, reference, Part.TEXT))
    return found


def _states_danger(closely: ReadMail) -> bool:
    """Whether the attached problem would be danger by the procedure; anyone can attach it, so a person reads it."""
    problem = closely.understood.problem
    return bool(problem) and decide(closely.procedure, {PROBLEM: problem}).route.danger


def _proposal(field: UnderstoodField) -> Proposal:
    values = {name: storable(value) for name, value in field.values.items()}
    doubts = tuple(storable(doubt) for doubt in field.doubts)
    return Proposal(field.name, field.title, values, storable(field.raw)[:2_000], field.part, doubts)


def _keep_reference_of_machine(case: Case, closely: ReadMail, read: ParsedMail) -> None:
    """Their system's "received" is read for their reference, where the case has none and it answers us or is theirs."""
    sender = closely.sender
    theirs = closely.mail.answers is not None or (sender is not None and sender.partner.pk == case.partner_id)
    if case.their_reference or not theirs:
        return
    ours = case.desk.reference_prefix
    found = (reference_told(closely.procedure, text, ours) for text in (read.subject, read.bodies.text))
    if reference := next(filter(None, found), ""):
        with changing(case, even_merged=True) as locked:
            note_their_reference(locked, reference[:LONGEST_REFERENCE], INCOMING, closely.mail.arrived_at)


# ---- looking ----


def reading_of(mail: IncomingMail) -> MailReading | None:
    """None for a mail of which nothing was understood. Runs in the desk's scope."""
    return MailReading.objects.filter(mail=mail).first()


def open_proposals(reading: MailReading, case: Case | None) -> list[Proposal]:
    """What a person has not decided yet, without what the case knows already."""
    found = [each for each in stored_proposals(reading) if each.state == Decided.OPEN]
    return [each for each in found if case is None or not _is_known(case, each)]


def readings_in(case: Case) -> list[MailReading]:
    """Of the mails that stand in the case, the newest first. Runs in the desk's scope."""
    found = MailReading.objects.filter(mail__about=about(case), desk=case.desk).select_related("mail__desk")
    return list(found.order_by("-mail__arrived_at", "-pk"))


def stating_danger(desk: Desk, conversations: Collection[int]) -> set[int]:
    """Those in which a mail states danger that nobody has decided on. One query. Runs in the desk's scope."""
    stated = [{"name": PROBLEM, "state": Decided.OPEN, "doubts": [DANGER_STATED]}]
    found = MailReading.objects.filter(desk=desk, mail__conversation__in=conversations, proposals__contains=stated)
    return set(found.values_list("mail__conversation", flat=True))


def maybes_of(mail: IncomingMail) -> list[Maybe]:
    """The cases that an unplaced mail may belong to, as they are now. Runs in the desk's scope."""
    reading = MailReading.objects.filter(mail=mail).first()
    told = reading.maybe if reading else []
    cases = (
        Case.objects.filter(desk=mail.desk).select_related("partner", "desk").in_bulk([each["case"] for each in told])
    )
    return [Maybe(cases[each["case"]], each["why"]) for each in told if each["case"] in cases]


def stored_proposals(reading: MailReading) -> list[Proposal]:
    return [Proposal(**{**each, "doubts": tuple(each["doubts"])}) for each in reading.proposals]


def _is_known(case: Case, proposal: Proposal) -> bool:
    if proposal.name == THEIR_REFERENCE:
        return bool(case.their_reference) and case.their_reference == proposal.values[THEIR_REFERENCE]
    return bool(proposal.values) and all(_same(case, name, value) for name, value in proposal.values.items())


def _same(case: Case, name: str, value: str) -> bool:
    known = case.known["values"].get(name)
    if isinstance(known, dict):
        known = full(case, name, known)
    as_time = read_time(known) if known else None
    return known == value or (as_time is not None and as_time == read_time(value))


# ---- deciding ----


def confirm_understood(
    case: Case,
    mail: IncomingMail,
    names: Collection[str] = (),
    *,
    edited: Mapping[str, str] | None = None,
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Case:
    """A person takes what was understood: all that is open, or the fields ``names``; they become facts.

    ``edited`` are values by fact that the person corrected; an empty one is left out. Raises Refused where the mail
    does not stand in the case or nothing is open, FactRefused for a value that cannot be taken, StaleCase.
    """
    with scope(desk=case.desk), transaction.atomic():
        reading = _locked(case, mail)
        taken = [each for each in _chosen(reading, case, names) if each.values]
        if not taken:
            raise Refused("Nothing is left to confirm in this mail.")
        values = {name: value for each in taken for name, value in each.values.items()}
        values |= {name: value for name, value in (edited or {}).items() if name in values}
        with changing(case, expected_version=expected_version, part_of_more=True) as locked:
            if reference := values.pop(THEIR_REFERENCE, ""):
                note_their_reference(locked, noted(reference, LONGEST_REFERENCE), actor, at)
            kept = {name: value for name, value in values.items() if value and name in procedure_of(locked).facts}
            if kept:
                record(locked, kept, actor, at, note=f"Confirmed from the mail of {mail.sender or 'nobody'}")
        _decide(reading, {each.name for each in taken}, Decided.CONFIRMED, actor, at)
    return locked


def reject_understood(case: Case, mail: IncomingMail, name: str, *, actor: Actor, at: datetime) -> None:
    """A person says that a field was understood wrongly: it tells nothing. Raises Refused as confirm_understood."""
    with scope(desk=case.desk), transaction.atomic():
        reading = _locked(case, mail)
        if not _chosen(reading, case, [name]):
            raise Refused("Nothing is left to decide there.")
        _decide(reading, {name}, Decided.REJECTED, actor, at)


def _locked(case: Case, mail: IncomingMail) -> MailReading:
    found = MailReading.objects.filter(mail=mail, desk=case.desk, mail__about=about(case))
    reading: MailReading | None = found.select_for_update(of=("self",)).first()
    if reading is None:
        raise Refused("Nothing was understood of this mail, or it stands in another case. Look at the case.")
    return reading


def _chosen(reading: MailReading, case: Case, names: Collection[str]) -> list[Proposal]:
    still_open = [each for each in stored_proposals(reading) if each.state == Decided.OPEN]
    return [each for each in still_open if (each.name in names if names else not _is_known(case, each))]


def _decide(reading: MailReading, names: Collection[str], state: Decided, actor: Actor, at: datetime) -> None:
    decided = [
        replace(each, state=state, by=actor.name) if each.name in names and each.state == Decided.OPEN else each
        for each in stored_proposals(reading)
    ]
    reading.proposals, reading.decided_at = [asdict(each) for each in decided], at
    reading.save(update_fields=["proposals", "decided_at"])
