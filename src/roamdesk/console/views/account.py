"""The person's own page: clock, keys, second factor, password, signing out."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from roamdesk.desks.models import Person
from roamdesk.desks.services import set_preferences


@login_required
def account(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    keys, zone = request.POST.get("single_keys", ""), request.POST.get("zone", "").strip()
    try:
        set_preferences(cast(Person, request.user), single_keys=keys, zone=zone)
    except ValidationError as refused:
        return _page(request, problem=" ".join(refused.messages), status=422)
    return redirect("console:account")


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {"problem": problem, "choices": Person.SingleKeys.choices}
    return render(request, "console/account.html", context, status=status)
