"""What an operator does in a case: each view reads a form, calls one verb, and shows the case again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import update_wrapper
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from roamdesk.cases import commands, notices, services
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused, StaleCase
from roamdesk.cases.models import Case, Event
from roamdesk.cases.procedures import procedure_of
from roamdesk.charging.services import CommandRefused
from roamdesk.console import words
from roamdesk.console.forms import AnswerForm, NoteForm
from roamdesk.console.gate import at_desk
from roamdesk.console.typed import TimeRefused, told
from roamdesk.console.views.case import case_page, found
from roamdesk.desks.access import Access, Right
from roamdesk.desks.models import Person
from roamdesk.procedure.model import DutyRule

Deed = Callable[..., None]
TELLING = ("opened", "facts", "edited", "taken_back", "departed", "declined", "command_result")


class Doing:
    """One deed at a case: who, when, and what was posted."""

    def __init__(self, request: HttpRequest, access: Access, case: Case) -> None:
        self.request, self.access, self.case = request, access, case
        self.actor = Actor.of(access.person)
        self.at = datetime.now(UTC)
        self.post = request.POST

    @property
    def version(self) -> int | None:
        """The version that was on screen; what happened since and answers nothing does not count."""
        shown = self.post.get("version", "")
        if not shown.isdecimal() or self.case.version == int(shown):
            return int(shown) if shown.isdecimal() else None
        moved = Event.objects.filter(case=self.case, number__gt=int(shown), kind__in=TELLING).exists()
        return int(shown) if moved else self.case.version

    def told(self, *names: str) -> dict[str, str]:
        """The posted facts of these names, as a verb takes them."""
        values = {name: self.post.get(name, "") for name in names}
        return told(procedure_of(self.case), values, self.at, self.access.person.zone)


def _deed(right: Right = Right.HANDLE_CASES) -> Callable[[Deed], Callable[..., HttpResponse]]:
    """A POST that does one thing to a case; what is refused is said above the step, and changes nothing."""

    def decorate(deed: Deed) -> Callable[..., HttpResponse]:
        def done(request: HttpRequest, access: Access, /, reference: str, **more: Any) -> HttpResponse:
            case = found(access, reference)
            try:
                deed(Doing(request, access, case), **more)
            except StaleCase as stale:
                return _conflict(request, access, reference, stale)
            except (Refused, TimeRefused, CommandRefused) as refused:
                return case_page(request, access, found(access, reference), problem=str(refused), status=422)
            return redirect("console:case", access.desk.slug, reference)

        update_wrapper(done, deed)
        return require_POST(at_desk(right)(done))

    return decorate


def _conflict(request: HttpRequest, access: Access, reference: str, stale: StaleCase) -> HttpResponse:
    """Both answers are shown: theirs, which counts, and the one that was not saved."""
    case = found(access, reference)
    shown = request.POST.get("version", "0")
    theirs = Event.objects.filter(case=case, number__gt=int(shown), kind__in=TELLING).order_by("number").first()
    conflict = {
        "by": stale.by,
        "at": stale.at,
        "when": stale.at.astimezone(words.zone(access.person.zone)).strftime("%H:%M:%S"),
        "theirs": theirs,
        "yours": request.POST.get("shown", ""),
    }
    return case_page(request, access, case, conflict=conflict, status=409)


@_deed()
def answer(doing: Doing) -> None:
    """A digit: the answer of the step, with what was typed in its fields."""
    form = AnswerForm.of(doing.post)
    if form.fact:
        services.record_facts(
            doing.case, {form.fact: form.value}, actor=doing.actor, at=doing.at, expected_version=doing.version
        )
        return
    answers = _rule(doing.case, form.rule).answers
    asks = answers[form.key - 1].asks if 0 < form.key <= len(answers) else ()
    values = told(procedure_of(doing.case), form.typed(asks), doing.at, doing.access.person.zone)
    services.answer_step(
        doing.case,
        form.rule,
        form.key,
        actor=doing.actor,
        at=doing.at,
        typed=services.Typed(values, number=form.number),
        expected_version=doing.version,
    )


def _rule(case: Case, name: str) -> DutyRule:
    """Raises Refused where the procedure has no such rule."""
    try:
        return procedure_of(case).duty(name)
    except KeyError:
        raise Refused("The procedure has no such step. Look at the case, then answer again.") from None


@_deed()
def tell(doing: Doing) -> None:
    """A fact that the card asked for before its answers."""
    values = doing.told(*procedure_of(doing.case).facts)
    if not values:
        raise Refused("Nothing was typed. Type it, or leave the field with Esc.")
    services.record_facts(doing.case, values, actor=doing.actor, at=doing.at, expected_version=doing.version)


@_deed()
def edit(doing: Doing) -> None:
    """An earlier answer, corrected; an empty one is taken out."""
    name = doing.post.get("fact", "")
    value = doing.told(name).get(name)
    services.edit_fact(doing.case, name, value, actor=doing.actor, at=doing.at, expected_version=doing.version)


@_deed()
def back(doing: Doing) -> None:
    services.take_back(doing.case, actor=doing.actor, at=doing.at, expected_version=doing.version)


@_deed(Right.COMMAND_STATIONS)
def unlock(doing: Doing) -> None:
    key = doing.post.get("key", "")
    commands.request_unlock(doing.case, actor=doing.actor, at=doing.at, key=key, expected_version=doing.version)


@_deed()
def notice(doing: Doing, rule: str) -> None:
    if "decline" in doing.post:
        services.decline(
            doing.case, _rule(doing.case, rule).id, doing.post.get("reason", ""), actor=doing.actor, at=doing.at
        )
        return
    version, filled = doing.version, doing.told(*procedure_of(doing.case).facts)
    if filled:
        case = services.record_facts(doing.case, filled, actor=doing.actor, at=doing.at, expected_version=version)
        version = case.version
    opening = doing.post.get("opening", "")
    notices.send_notice(doing.case, rule, actor=doing.actor, at=doing.at, opening=opening, expected_version=version)


@require_POST
@at_desk(Right.REVEAL)
def reveal(request: HttpRequest, access: Access, reference: str) -> HttpResponse:
    """A personal value, shown once, with its reason."""
    case, name = found(access, reference), request.POST.get("field", "")
    actor, now = Actor.of(access.person), datetime.now(UTC)
    try:
        value = services.reveal(case, name, request.POST.get("reason", ""), actor=actor, at=now)
    except Refused as refused:
        return case_page(request, access, case, problem=str(refused), status=422)
    return case_page(request, access, found(access, reference), secrets={name: value})


@_deed()
def take(doing: Doing) -> None:
    services.take_case(doing.case, actor=doing.actor, at=doing.at)


@_deed()
def hand_over(doing: Doing) -> None:
    to = doing.post.get("to", "")
    person = Person.objects.filter(pk=to).first() if to.isdecimal() else None
    services.hand_over(doing.case, person, doing.post.get("note", ""), actor=doing.actor, at=doing.at)


@_deed()
def depart(doing: Doing) -> None:
    rule, reason = doing.post.get("rule", ""), doing.post.get("reason", "")
    services.depart(doing.case, rule, reason, actor=doing.actor, at=doing.at)


@_deed()
def note(doing: Doing) -> None:
    services.add_note(doing.case, NoteForm.of(doing.post).text, actor=doing.actor, at=doing.at)


@_deed()
def call(doing: Doing) -> None:
    """A call that answered nothing."""
    made = services.CallMade(doing.post.get("to", ""), doing.post.get("result", ""), doing.post.get("number", "")[:20])
    services.log_call(doing.case, made, actor=doing.actor, at=doing.at)


@_deed()
def their_reference(doing: Doing) -> None:
    services.set_their_reference(doing.case, doing.post.get("their_reference", ""), actor=doing.actor, at=doing.at)


@_deed()
def close(doing: Doing) -> None:
    services.close_case(doing.case, actor=doing.actor, at=doing.at, reason=doing.post.get("reason", ""))


@_deed()
def reopen(doing: Doing) -> None:
    services.reopen_case(doing.case, doing.post.get("reason", ""), actor=doing.actor, at=doing.at)


@_deed()
def danger(doing: Doing) -> None:
    """Danger heard in the middle of something else: no question stands before it."""
    facts = procedure_of(doing.case).facts
    options = facts["problem"].options if "problem" in facts else {}
    values = {"problem": "danger"} if "danger" in options else {"danger": "yes"}
    services.record_facts(doing.case, values, actor=doing.actor, at=doing.at, note="heard during the case")
