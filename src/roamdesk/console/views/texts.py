"""Text modules of the desk: read by all who answer mail, changed by administrators."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from roamdesk.console.gate import at_desk
from roamdesk.console.shell import page
from roamdesk.console.words import language
from roamdesk.correspondence.texts import (
    LANGUAGES,
    TextRefused,
    keep_text,
    ship_again,
    take_text_away,
    texts_of,
)
from roamdesk.desks.access import Access, Right

PLACEHOLDERS = (
    "reference", "their_reference", "partner", "desk", "operator_name", "station_address", "evse_label", "evse_id",
    "event_time", "cdr_id", "session_id", "issue",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
@at_desk()
def texts(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method != "POST":
        return _page(request, access)
    access.require(Right.ADMINISTER)
    try:
        _change(request, access)
    except TextRefused as refused:
        return _page(request, access, problem=str(refused), status=422)
    return redirect("console:texts", access.desk.slug)


def _change(request: HttpRequest, access: Access) -> None:
    post = request.POST
    key, code = post.get("key", "")[:40], post.get("language", "")
    if "all" in post:
        ship_again(access.desk)
    elif "away" in post:
        take_text_away(access.desk, key=key, language=code)
    else:
        keep_text(access.desk, key=key, language=code, title=post.get("title", ""), text=post.get("text", ""))


def _page(request: HttpRequest, access: Access, **context: object) -> HttpResponse:
    found = texts_of(access.desk, access.desk.language)
    groups = [(code, language(code), [text for text in found if text.language == code]) for code in LANGUAGES]
    return page(
        request, access, "mail", "Text modules", template="mail/texts",
        groups=groups, may_change=access.may(Right.ADMINISTER), placeholders=PLACEHOLDERS, typed=request.POST,
        **context,
    )  # fmt: skip
