"""``/``: on to the desk where the person works, or the choice between several."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from roamdesk.desks.models import Person
from roamdesk.desks.selectors import desks_of


@login_required
def home(request: HttpRequest) -> HttpResponse:
    desks = desks_of(cast(Person, request.user))
    if len(desks) == 1:
        return redirect(f"/d/{desks[0].slug}/queue")
    return render(request, "server/home.html", {"desks": desks})
