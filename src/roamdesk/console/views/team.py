"""What people who work together do to a case: take it, hand it over, note, name, link and merge."""

from __future__ import annotations

from roamdesk.cases import attention, services
from roamdesk.cases.models import Case
from roamdesk.console.forms import NoteForm
from roamdesk.console.screens.actions import another_case
from roamdesk.console.views.deeds import Doing, deed
from roamdesk.desks.models import Person


@deed()
def take(doing: Doing) -> None:
    services.take_case(doing.case, actor=doing.actor, at=doing.at)


@deed()
def hand_over(doing: Doing) -> None:
    to = doing.post.get("to", "")
    person = Person.objects.filter(pk=to).first() if to.isdecimal() else None
    services.hand_over(doing.case, person, doing.post.get("note", ""), actor=doing.actor, at=doing.at)


@deed()
def attend(doing: Doing) -> None:
    attention.attend(doing.case, actor=doing.actor, at=doing.at)


@deed()
def note(doing: Doing) -> None:
    services.add_note(doing.case, NoteForm.of(doing.post).text, actor=doing.actor, at=doing.at)


@deed()
def their_reference(doing: Doing) -> None:
    services.set_their_reference(doing.case, doing.post.get("their_reference", ""), actor=doing.actor, at=doing.at)


@deed()
def link(doing: Doing) -> None:
    other = another_case(doing.case, doing.post.get("to", ""))
    services.link_cases(doing.case, other, doing.post.get("why", ""), actor=doing.actor, at=doing.at)


@deed()
def merge(doing: Doing) -> Case:
    """The case ends as a part of another, which is shown; the page has asked before."""
    into = another_case(doing.case, doing.post.get("into", ""))
    services.merge_cases(doing.case, into, actor=doing.actor, at=doing.at)
    return into
