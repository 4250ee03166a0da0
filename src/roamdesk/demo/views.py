"""The demo's mail page: what the SMTP server took, for everybody who works at a demo desk."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_scopes import scope

from roamdesk.console.shell import shell_of
from roamdesk.demo.desks import DESKS
from roamdesk.demo.mailbox import demo_mailbox
from roamdesk.desks.access import Access, access_to
from roamdesk.desks.models import Person
from roamdesk.desks.selectors import desks_of


@login_required
def mails(request: HttpRequest) -> HttpResponse:
    """All of them, newest first."""
    return _page(request, "mails", "Demo mail", mails=demo_mailbox().mails())


@login_required
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One, with its envelope and both parts as text. 404 when there is none of that name."""
    found = demo_mailbox().mail(name)
    if found is None:
        raise Http404("There is no such mail; the demo keeps the newest 500.")
    return _page(request, "mail", found.subject or "Demo mail", mail=found)


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    access = _access(request)
    with scope(desk=access.desk):
        shell = shell_of(request, access, "demo_mail", title, timezone.now())
        return render(request, f"demo/{template}.html", {**context, "access": access, "shell": shell})


def _access(request: HttpRequest) -> Access:
    """To the person's demo desk; a stranger to both is told that there is no such page. Raises Http404."""
    person = cast(Person, request.user)
    slug = next((desk.slug for desk in desks_of(person) if desk.slug in DESKS), "")
    return access_to(person, slug)
