"""Whose mail it is, by the address that it says it comes from. Anyone can write any address: it proves nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Lower

from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.models.partner import ADDRESS, DOMAIN

# Anyone may have an address there, so the domain says nothing of a company.
FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.it", "hotmail.fr", "live.com", "msn.com",
    "yahoo.com", "yahoo.de", "yahoo.it", "yahoo.fr", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me",
    "protonmail.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.de",
    "posteo.de", "mailbox.org", "libero.it", "virgilio.it", "tiscali.it", "alice.it", "tin.it", "pec.it",
    "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "bluewin.ch", "mail.com", "zoho.com", "yandex.com",
})  # fmt: skip


@dataclass(frozen=True)
class Sender:
    """``roles`` are those in which its form names the address. ``exact``: the address itself, not its domain."""

    partner: Partner
    roles: frozenset[str]
    exact: bool


def known_sender(desk: Desk, address: str) -> Sender | None:
    """The partner whose contact form names the address, else the only one with addresses of that domain.

    None for a stranger, for free mail, and where several partners share it. Runs in the desk's scope.
    """
    plain = address.strip().lower()
    if named := list(lines_with(desk, ADDRESS, plain)):
        return _only(named, exact=True)
    domain = plain.rpartition("@")[2]
    if "@" not in plain or domain in FREE_MAIL:
        return None
    return _only(lines_with(desk, DOMAIN, domain), exact=False)


def lines_with(desk: Desk, part: Lower, text: str) -> QuerySet[ContactLine]:
    """Lines whose ADDRESS or DOMAIN is ``text`` (lower case); there is an index for either."""
    mails = ContactLine.objects.filter(desk=desk, channel=ContactLine.Channel.MAIL).select_related("partner")
    found: QuerySet[ContactLine] = mails.alias(part=part).filter(part=text)
    return found


def _only(lines: Iterable[ContactLine], *, exact: bool) -> Sender | None:
    found = list(lines)
    partners = {line.partner_id: line.partner for line in found}
    if len(partners) != 1:
        return None
    (partner,) = partners.values()
    return Sender(partner, frozenset(line.role for line in found), exact)
