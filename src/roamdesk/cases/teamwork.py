"""The verbs of people who work together: taking, handing over, notes, references, links, merging."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_scopes import scope

from roamdesk.cases import settling, writing
from roamdesk.cases.actors import Actor
from roamdesk.cases.changing import changing, said
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, CaseLink
from roamdesk.cases.searching import words_of
from roamdesk.cases.telling import LONGEST_TEXT
from roamdesk.cases.telling import note as noted
from roamdesk.desks.models import Person

LONGEST_REFERENCE = 60


def take_case(case: Case, *, actor: Actor, at: datetime) -> Case:
    with changing(case) as locked:
        locked.owner = actor.person
        write(locked, "taken", {}, actor, at)
    return locked


def hand_over(case: Case, to: Person | None, note: str, *, actor: Actor, at: datetime) -> Case:
    """Hand over to someone of this desk, or back to the queue. Raises Refused for a stranger or without a note."""
    clean = said(note, "Say in a few words what the next one must know.", LONGEST_TEXT)
    with changing(case) as locked:
        if to and not locked.desk.memberships.filter(person=to, person__is_active=True).exists():
            raise Refused("That person does not work at this desk.")
        locked.owner = to
        write(locked, "handed_over", {"to": str(to or "the queue"), "note": clean}, actor, at)
    return locked


def add_note(case: Case, note: str, *, actor: Actor, at: datetime) -> Case:
    clean = said(note, "The note is empty.", LONGEST_TEXT)
    with changing(case) as locked:
        write(locked, "noted", {"note": clean}, actor, at)
    return locked


def set_their_reference(case: Case, reference: str, *, actor: Actor, at: datetime) -> Case:
    """Raises Refused for one of more than 60 characters."""
    clean = noted(reference, LONGEST_REFERENCE)
    with changing(case) as locked:
        note_their_reference(locked, clean, actor, at)
    return locked


def note_their_reference(case: Case, reference: str, actor: Actor, at: datetime) -> None:
    """In a case that is being changed."""
    case.their_reference = reference
    case.draft.words = words_of(case)
    write(case, "their_reference", {"reference": reference}, actor, at)


def link_cases(case: Case, other: Case, why: str, *, actor: Actor, at: datetime) -> Case:
    """Say that two cases belong together. Raises Refused for the same one, or one of another desk."""
    _another(case, other)
    with changing(case) as locked:
        _link(locked, other, noted(why, 200), actor, at)
    return locked


def merge_cases(case: Case, into: Case, *, actor: Actor, at: datetime) -> Case:
    """``case`` ends as a part of ``into``; its duties lapse, its history stays.

    Raises Refused as link_cases, and where one of them was merged already.
    """
    _another(case, into)
    with scope(desk=case.desk), transaction.atomic():
        # Always in this order: two who merge the same two cases at once wait for each other.
        locked = {each.pk: writing.lock(each) for each in sorted((case, into), key=lambda each: each.pk)}
        merged, stays = locked[case.pk], locked[into.pk]
        for each in (merged, stays):
            if each.state == Case.State.MERGED:
                raise Refused(f"{each} was merged already, into {each.merged_into}. Choose that one.")
        _link(stays, merged, "merged", actor, at)
        _end_as_part_of(stays, merged, actor, at)
        for each in (merged, stays):
            writing.write_down(each)
    return merged


def _another(case: Case, other: Case) -> None:
    if case.pk == other.pk or case.desk_id != other.desk_id:
        raise Refused("Choose another case of this desk.")


def _link(case: Case, other: Case, why: str, actor: Actor, at: datetime) -> None:
    CaseLink.objects.get_or_create(desk=case.desk, case=case, other=other, defaults={"why": why})
    write(case, "linked", {"to": other.reference, "why": why}, actor, at)


def _end_as_part_of(stays: Case, case: Case, actor: Actor, at: datetime) -> None:
    write(case, "merged", {"into": stays.reference}, actor, at)
    for duty in list(case.draft.duties.values()):
        settling.end(case, duty, "lapsed", at)
    case.state, case.merged_into, case.closed_at = Case.State.MERGED, stays, at
    case.is_danger, case.next_action, case.next_owed_by, case.next_due_at = False, "", "", None
    case.attention = ""
