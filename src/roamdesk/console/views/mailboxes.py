"""Mailboxes of the desk, and how its mail is doing. Everybody sees it, administrators change it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.mailboxes import mailboxes_screen
from roamdesk.console.shell import page
from roamdesk.correspondence import mailboxes as verbs
from roamdesk.correspondence.imap.secrets import SECRETS
from roamdesk.correspondence.mailboxes import Given, MailboxRefused, MailboxTrouble
from roamdesk.correspondence.models import Mailbox
from roamdesk.desks.access import Access, Right

TYPED = ("name", "host", "user", "folder", "security", "login", "token_url", "client_id", "scope", "move_to")
NEW = {"port": 993, "security": "tls", "folder": "INBOX", "login": "password"}


@at_desk()
def mailboxes(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    screen = mailboxes_screen(access.desk, now)
    may = access.may(Right.ADMINISTER)
    return page(request, access, "mailboxes", "Mailboxes", s=screen, may=may, now=now)


@at_desk(Right.ADMINISTER)
def new(request: HttpRequest, access: Access) -> HttpResponse:
    return _put(request, access, None) if request.method == "POST" else _form(request, access, None, NEW)


@at_desk(Right.ADMINISTER)
def edit(request: HttpRequest, access: Access, mailbox: int) -> HttpResponse:
    found = get_object_or_404(Mailbox, pk=mailbox, desk=access.desk)
    if request.method == "POST":
        return _put(request, access, found)
    typed = {name: getattr(found, name) for name in (*TYPED, "port")}
    return _form(request, access, found, typed | {"since": found.since.isoformat() if found.since else ""})


@require_POST
@at_desk(Right.ADMINISTER)
def deed(request: HttpRequest, access: Access, mailbox: int) -> HttpResponse:
    """Try it, pause it, resume it, remove it, or say that its alarm was seen."""
    found = get_object_or_404(Mailbox, pk=mailbox, desk=access.desk)
    now = datetime.now(UTC)
    match request.POST.get("do"):
        case "try":
            _try(request, found, now)
        case "pause":
            verbs.pause(found, at=now)
            messages.success(request, f"{found} is paused. Its mail waits on the server.", "s-plain")
        case "resume":
            verbs.resume(found, at=now)
            messages.success(request, f"{found} is fetched again within seconds.", "s-done")
        case "seen":
            verbs.gap_seen(found)
        case "remove":
            verbs.remove_mailbox(found)
            messages.success(request, f"{found} is forgotten. Its mails stay, here and on the server.", "s-plain")
    return redirect("console:mailboxes", access.desk.slug)


def _try(request: HttpRequest, mailbox: Mailbox, now: datetime) -> None:
    try:
        messages.success(request, f"{mailbox}: {verbs.try_mailbox(mailbox, at=now)}", "s-done")
    except MailboxTrouble as trouble:
        messages.error(request, f"{mailbox}: {trouble}", "s-overdue")


def _put(request: HttpRequest, access: Access, mailbox: Mailbox | None) -> HttpResponse:
    """A mailbox keeps its name; a new one may not take another's."""
    typed: dict[str, Any] = request.POST.dict()
    try:
        if mailbox is None and Mailbox.objects.filter(desk=access.desk, name=typed.get("name", "").strip()).exists():
            raise MailboxRefused("There is a mailbox of that name. Choose another, or change that one.")
        given = _given(typed | ({"name": mailbox.name} if mailbox else {}))
        secrets = {name: typed.get(name, "").strip() for name in SECRETS}
        made = verbs.put_mailbox(access.desk, given, secrets, at=datetime.now(UTC))
    except MailboxRefused as refused:
        return _form(request, access, mailbox, typed, str(refused))
    _try(request, made, datetime.now(UTC))
    return redirect("console:mailboxes", access.desk.slug)


def _given(typed: dict[str, Any]) -> Given:
    """Raises MailboxRefused where a number or a day is none."""
    port, since = typed.get("port", "").strip(), typed.get("since", "").strip()
    if not (port.isascii() and port.isdecimal() and len(port) < 6):
        raise MailboxRefused("A port is a number from 1 to 65535: 993 for TLS, 143 for STARTTLS.")
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        raise MailboxRefused(f"{since[:20]!r} is no day. Write it as 2026-03-01.") from None
    return Given(port=int(port), since=day, **{name: typed.get(name, "") for name in TYPED})


def _form(
    request: HttpRequest, access: Access, mailbox: Mailbox | None, typed: dict[str, Any], error: str = ""
) -> HttpResponse:
    shown = {name: value for name, value in typed.items() if name not in SECRETS}
    title = f"Mailbox {mailbox}" if mailbox else "Add a mailbox"
    return page(
        request, access, "mailboxes", title, template="mailbox_form", mailbox=mailbox, typed=shown, error=error,
        securities=Mailbox.Security.choices, logins=Mailbox.Login.choices, status=422 if error else 200,
    )  # fmt: skip
