"""The door of every page: who asks, at which desk, with which right; inside it, queries see that desk only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django_scopes import scope

from roamdesk.desks.access import Access, Right, access_to

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, Access, P], HttpResponse]


def at_desk(right: Right = Right.READ) -> Callable[[Page[P]], Callable[..., HttpResponse]]:
    """The view gets the access as second argument; a stranger gets 404, a missing right 403."""

    def decorate(page: Page[P]) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(page)
        def gated(request: HttpRequest, desk: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            access = access_to(request.user, desk)  # type: ignore[arg-type]
            access.require(right)
            with scope(desk=access.desk):
                return page(request, access, *args, **kwargs)

        return gated

    return decorate
