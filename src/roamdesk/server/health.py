"""``/healthz`` for load balancers, ``/metrics`` for Prometheus."""

from __future__ import annotations

import secrets

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from roamdesk.server import options
from roamdesk.server.mail_metrics import MailCollector

THIS_MACHINE = {"127.0.0.1", "::1"}

REGISTRY.register(MailCollector())


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Raises Http404 for whoever may not read them."""
    if not _may_read_metrics(request):
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    token = options.METRICS_TOKEN.text()
    if token:
        return secrets.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}")
    came_through_a_proxy = "X-Forwarded-For" in request.headers
    return request.META.get("REMOTE_ADDR") in THIS_MACHINE and not came_through_a_proxy
