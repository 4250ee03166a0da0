"""Schemas of what we send, for whoever reads it: public, and never another one at the same address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from roamdesk.procedure.exchange import SCHEMA


@require_safe
@cache_control(public=True, max_age=86_400)
def mail_template(request: HttpRequest) -> HttpResponse:
    return HttpResponse(SCHEMA.read_bytes(), content_type="application/schema+json")
