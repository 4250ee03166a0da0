"""Links with which a partner does one thing without an account: signed, expiring, revocable."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django_scopes import scopes_disabled

from roamdesk.partners import ports
from roamdesk.partners.models import GuestLink, Partner

GOOD_FOR = timedelta(days=14)
_ASK = "Ask the desk that sent it for a new one."


class LinkRefused(ValueError):
    """This link opens nothing; the text says what to do."""


def make_link(
    partner: Partner,
    *,
    purpose: str = GuestLink.Purpose.FORM,
    about: int | None = None,
    sent_to: str = "",
    by: str,
    at: datetime,
) -> tuple[GuestLink, str]:
    """A new link and its token, which is not kept: who has the token, has the link. ``at`` is UTC.

    ``about`` is the row that the link answers for (an acknowledgement, a meeting, a check); none for the form.
    """
    link: GuestLink = GuestLink.objects.create(
        desk_id=partner.desk_id,
        partner=partner,
        purpose=purpose,
        about_id=about,
        sent_to=sent_to[:254],
        made_at=at,
        made_by=by[:120],
        expires_at=at + GOOD_FOR,
    )
    return link, _signer().sign(str(link.pk))


def address_of(token: str) -> str:
    return f"{settings.PUBLIC_URL}/p/{token}"


def open_link(token: str, at: datetime) -> GuestLink:
    """The link behind a token, with desk and partner. Raises LinkRefused: altered, expired or revoked."""
    try:
        pk = int(_signer().unsign(token))
    except (BadSignature, ValueError):
        raise LinkRefused(f"This link is not whole, or was altered. Open it again from the mail. {_ASK}") from None
    with scopes_disabled():  # whoever comes with a link has no desk yet
        link: GuestLink | None = GuestLink.objects.select_related("desk", "partner").filter(pk=pk).first()
        if link is None or link.revoked_at is not None:
            raise LinkRefused(f"This link was withdrawn. {_ASK}")
        if link.expires_at <= at:
            raise LinkRefused(f"This link was good until {link.expires_at:%d/%m/%Y %H:%M} UTC. {_ASK}")
        GuestLink.objects.filter(pk=pk).update(opened_at=at)
    return link


def revoke(link: GuestLink, *, at: datetime) -> None:
    """From now on it opens nothing; a second time changes nothing."""
    GuestLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=at)


def ask_for_form(partner: Partner, to: str, *, by: str, at: datetime) -> GuestLink:
    """Mail the partner a link to its contact form; earlier ones stay good. Raises ValueError with the mend."""
    with transaction.atomic():
        link, token = make_link(partner, sent_to=to, by=by, at=at)
        text = (
            f"Good day,\n\n{partner.desk} reaches {partner} by the numbers and addresses in your contact form. "
            f"Some are missing or have not been confirmed for long.\n\nFill in or confirm the form here, without an "
            f"account:\n{address_of(token)}\n\nThe link is good until {link.expires_at:%d/%m/%Y %H:%M} UTC. "
            f"What you type is kept as a draft until you send it in.\n\n{partner.desk}\n"
        )
        ports.post()(
            partner.desk,
            partner=partner,
            about=f"link:{link.pk}",
            key=f"link:{link.pk}",
            to=[to],
            subject=f"Your contact form at {partner.desk}",
            text=text,
            at=at,
        )
    return link


def _signer() -> Signer:
    return Signer(salt="roamdesk.partners.link")
