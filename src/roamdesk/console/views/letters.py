"""One mail as it came: its parts, its HTML in a document that can do nothing, its files, its bytes."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from roamdesk.console.gate import at_desk
from roamdesk.console.screens.letter import letter_of, rich_of
from roamdesk.console.shell import page
from roamdesk.console.views.inbox import mail_of
from roamdesk.correspondence.keeping import Lost
from roamdesk.correspondence.models import IncomingMail, OutgoingFile
from roamdesk.correspondence.parsing.enclosures import Enclosure, enclosures
from roamdesk.correspondence.parsing.rich import TooDeep
from roamdesk.desks.access import Access, Right
from roamdesk.desks.models import Desk

CONTENT_SECONDS = 60
SALT = "roamdesk.console.content"
NOTHING_RUNS = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@at_desk()
def letter(request: HttpRequest, access: Access, mail: int) -> HttpResponse:
    """The mail opened, as a part of the conversation's page."""
    shown, pictures = request.GET.get("as", ""), "pictures" in request.GET
    found = letter_of(mail_of(access, mail), shown, pictures=pictures, veils=not access.may(Right.REVEAL))
    return render(request, "console/mail/_letter.html", {"letter": found, "desk": access.desk.slug})


@xframe_options_sameorigin
@at_desk()
def rich(request: HttpRequest, access: Access, mail: int) -> HttpResponse:
    """The HTML of a mail, for a frame: a document without scripts, forms, an origin or a network.

    Pictures from elsewhere are fetched only when somebody asked for those of this mail.
    """
    pictures = "pictures" in request.GET
    try:
        html = rich_of(mail_of(access, mail), pictures=pictures, veils=not access.may(Right.REVEAL))
    except (Lost, TooDeep) as problem:
        raise Http404(str(problem)) from None
    sheet = static("console/css/letter.css")
    response = render(request, "console/mail/rich.html", {"html": html, "sheet": sheet})
    here = "{0.scheme}://{0.netloc}".format(urlsplit(request.build_absolute_uri()))
    response["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            f"style-src {here}{sheet}",
            f"img-src data:{' https: http:' if pictures else ''}",
            "sandbox allow-popups allow-popups-to-escape-sandbox",
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@require_http_methods(["GET", "POST"])
@at_desk()
def enclosed(request: HttpRequest, access: Access, mail: int, number: int) -> HttpResponse:
    """A file of a mail, read from its bytes. One that may hurt is handed out on a second press (POST) only."""
    found = mail_of(access, mail)
    file = _file_of(found, number)
    if file.kind.danger and request.method != "POST":
        return page(request, access, "mail", "A file that may hurt", template="mail/dangerous", file=file, mail=found)
    return _handed_out(access, ENCLOSED, mail, number)


@at_desk()
def raw(request: HttpRequest, access: Access, mail: int) -> HttpResponse:
    """The bytes as they came."""
    mail_of(access, mail)
    return _handed_out(access, RAW, mail)


@at_desk()
def sent_file(request: HttpRequest, access: Access, file: int) -> HttpResponse:
    """A file that went out."""
    return _handed_out(access, SENT, file)


def content(request: HttpRequest, token: str) -> HttpResponse:
    """The same from the other origin, which knows no login: whoever pressed has a token for a minute."""
    try:
        told = signing.loads(token, salt=SALT, max_age=CONTENT_SECONDS)
    except signing.BadSignature:
        raise Http404("This address is over. Press the file again.") from None
    if request.get_host() != urlsplit(settings.CONTENT_URL).netloc:
        raise Http404("There is nothing here.")
    desk, kind, *numbers = told
    with scope(desk=Desk.objects.get(pk=desk)):
        return _download(*_CONTENTS[kind](desk, *numbers))


def _handed_out(access: Access, kind: str, *numbers: int) -> HttpResponse:
    """From the other origin where one is set (``ROAMDESK_CONTENT_URL``), else from here."""
    if not settings.CONTENT_URL:
        return _download(*_CONTENTS[kind](access.desk.pk, *numbers))
    token = signing.dumps([access.desk.pk, kind, *numbers], salt=SALT)
    return HttpResponseRedirect(f"{settings.CONTENT_URL}{reverse('console:content', args=[token])}")


def _enclosed(desk: int, mail: int, number: int) -> tuple[bytes, str]:
    file = _file_of(_mail(desk, mail), number)
    return file.content, file.name or f"file-{number + 1}"


def _raw(desk: int, mail: int) -> tuple[bytes, str]:
    try:
        return _mail(desk, mail).raw, f"mail-{mail}.eml"
    except Lost as lost:
        raise Http404(str(lost)) from None


def _sent(desk: int, number: int) -> tuple[bytes, str]:
    file: OutgoingFile | None = OutgoingFile.objects.filter(desk=desk, pk=number).first()
    if file is None:
        raise Http404("There is no such file.")
    return bytes(file.content), file.name


ENCLOSED, RAW, SENT = "enclosed", "raw", "sent"
_CONTENTS: dict[str, Callable[..., tuple[bytes, str]]] = {ENCLOSED: _enclosed, RAW: _raw, SENT: _sent}


def _mail(desk: int, number: int) -> IncomingMail:
    return get_object_or_404(IncomingMail.objects.filter(desk=desk), pk=number)


def _file_of(mail: IncomingMail, number: int) -> Enclosure:
    """Raises Http404 where the mail has no such file, or its bytes are not there."""
    try:
        found = next((one for one in enclosures(mail.raw) if one.number == number), None)
    except Lost as lost:
        raise Http404(str(lost)) from None
    if found is None:
        raise Http404("This mail has no such file.")
    return found


def _download(content: bytes, name: str) -> HttpResponse:
    """For the disk only: no browser may show it, guess its type, run it, or hand it to another page."""
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Security-Policy"] = NOTHING_RUNS
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
