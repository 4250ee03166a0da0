"""Response headers that keep a page to itself: nothing inline, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    # The HTML of a mail: a page of ours that says itself that it can do nothing.
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
UNUSED_POWERS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


def response_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the content security policy and the permissions policy on every response."""
    policy = CONTENT_SECURITY_POLICY | {
        # A login form's answer may lead to the identity provider, and browsers hold that against form-action.
        "form-action": " ".join(["'self'", *settings.FORM_TARGETS]),
    }
    text = "; ".join(f"{directive} {sources}" for directive, sources in policy.items())

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", text)
        response.setdefault("Permissions-Policy", UNUSED_POWERS)
        return response

    return middleware
