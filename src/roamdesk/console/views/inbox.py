"""The inbox, and mail that could not be read."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from roamdesk.cases.inbox import LISTS, conversation_of
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.inbox import inbox_screen
from roamdesk.console.screens.mailboxes import alarms_of
from roamdesk.console.shell import page
from roamdesk.correspondence import reading
from roamdesk.correspondence.conversations import Todo
from roamdesk.correspondence.models import Conversation, IncomingMail
from roamdesk.desks.access import Access, Right


@at_desk()
def inbox(request: HttpRequest, access: Access) -> HttpResponse:
    now, chosen = datetime.now(UTC), request.GET.get("show", "")
    chosen = chosen if chosen in LISTS else LISTS[0]
    try:
        screen = inbox_screen(access.desk, access.person.zone, now, chosen, request.GET.get("after", ""))
    except (ValueError, OverflowError):
        raise Http404("There is no such page of the inbox.") from None
    done, alarms = _just_done(request, access), alarms_of(access.desk)
    return page(request, access, "mail", "Mail", template="inbox", box=screen, now=now, done=done, alarms=alarms)


def _just_done(request: HttpRequest, access: Access) -> Conversation | None:
    """What was dealt with just now, while it can be undone here."""
    number = request.GET.get("done", "")
    known = conversation_of(access.desk, int(number)) if number.isascii() and number.isdecimal() else None
    return known if known and known.todo in (Todo.ASIDE, Todo.NOTHING) else None


@at_desk()
def unread(request: HttpRequest, access: Access, mail: int) -> HttpResponse:
    """A mail in quarantine: why, and what can be done."""
    return page(request, access, "mail", "Mail that could not be read", template="unread", mail=mail_of(access, mail))


@require_POST
@at_desk(Right.HANDLE_CASES)
def read_again(request: HttpRequest, access: Access, mail: int) -> HttpResponse:
    try:
        reading.read_again(mail_of(access, mail), at=datetime.now(UTC))
        messages.success(request, "It is read once more, in a moment.", extra_tags="s-waiting")
    except ValueError as refused:
        messages.error(request, str(refused), extra_tags="s-failed")
    return redirect("console:unread", access.desk.slug, mail)


def mail_of(access: Access, number: int) -> IncomingMail:
    """A mail of this desk. Raises Http404 as for one that does not exist."""
    found: IncomingMail | None = IncomingMail.objects.filter(desk=access.desk, pk=number).first()
    if found is None:
        raise Http404("There is no such mail.")
    return found
