"""A deed at a case: a form is read, one verb is called, and the case is shown again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import update_wrapper
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused, StaleCase
from roamdesk.cases.inbox import case_about, conversation_of
from roamdesk.cases.models import Case, Event
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.selectors import case_view
from roamdesk.charging.services import CommandRefused
from roamdesk.console import words
from roamdesk.console.gate import at_desk
from roamdesk.console.typed import TimeRefused, told
from roamdesk.console.views.case import case_page, found
from roamdesk.correspondence.models import Conversation
from roamdesk.desks.access import Access, Right
from roamdesk.procedure.model import Channel

Deed = Callable[..., Case | None]
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


def deed(right: Right = Right.HANDLE_CASES) -> Callable[[Deed], Callable[..., HttpResponse]]:
    """A POST that does one thing to a case, and shows it, or the case that the deed returns.

    Whoever did it from a conversation (``talk``) is back there, unless a new step of ours is done elsewhere.
    What is refused is said above the step, and changes nothing.
    """

    def decorate(does: Deed) -> Callable[..., HttpResponse]:
        def done(request: HttpRequest, access: Access, /, reference: str, **more: Any) -> HttpResponse:
            case = found(access, reference)
            doing, stood = Doing(request, access, case), case.next_action
            try:
                leads_to = does(doing, **more) or case
            except StaleCase as stale:
                return _conflict(request, access, reference, stale)
            except (Refused, TimeRefused, CommandRefused) as refused:
                return case_page(request, access, found(access, reference), problem=str(refused), status=422)
            if (talk := _came_from(doing, leads_to)) and not _stands_elsewhere(doing, stood):
                return redirect("console:conversation", access.desk.slug, talk.pk)
            return redirect("console:case", access.desk.slug, leads_to.reference)

        update_wrapper(done, does)
        return require_POST(at_desk(right)(done))

    return decorate


def _came_from(doing: Doing, case: Case) -> Conversation | None:
    """The conversation in which it was pressed, where it is one about this case."""
    number = doing.post.get("talk", "")
    talk = conversation_of(case.desk, int(number)) if number.isascii() and number.isdecimal() else None
    about = case_about(talk) if talk else None
    return talk if about and about.pk == case.pk else None


def _stands_elsewhere(doing: Doing, stood: str) -> bool:
    """Whether another step of ours than what ``stood`` there is next, and is not done by mail."""
    case = found(doing.access, doing.case.reference)
    step = case_view(case, doing.at, doing.actor.name).step if case.next_action not in ("", stood) else None
    return step is not None and step.ours and step.rule.channel is not Channel.MAIL


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
