"""What stands around a page that a partner opens by a link, without an account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def guest_page(request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any) -> HttpResponse:
    answer = render(request, f"console/guest/{template}.html", {"title": title, **context}, status=status)
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
