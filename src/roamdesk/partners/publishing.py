"""A procedure is made known to partners, and each acknowledges it (S4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.partners import links, ports
from roamdesk.partners.models import Acknowledgement, ContactLine, GuestLink, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import procedure_at, version_in_force
from roamdesk.procedure.differences import differences

REMIND_AFTER = timedelta(days=1)
"""Nobody is reminded twice a day."""
_SHOWN = 12


class PublicationRefused(ValueError):
    """Nothing was published or noted; the text says why and what to do."""


def publish(
    desk: Desk,
    version: ProcedureVersion,
    *,
    partners: Iterable[Partner] | None = None,
    in_force_from: datetime,
    by: str,
    at: datetime,
) -> Publication:
    """Mail the version to these partners, or to all, with what it changes in words and a link to acknowledge it.

    It is in force with a partner from ``in_force_from`` (UTC), or from its acknowledgement when that comes later.
    Published again it reaches the partners that it has not reached yet. Raises PublicationRefused.
    """
    with transaction.atomic():
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)
        publication = Publication.objects.filter(desk=desk, version=version).first()
        if publication is None:
            if in_force_from < at:
                raise PublicationRefused("It cannot be in force before it is published. Choose a time to come.")
            publication = _new(desk, version, in_force_from, by, at)
        found = Partner.objects.filter(desk=desk) if partners is None else partners
        known = set(publication.acknowledgements.values_list("partner_id", flat=True))
        missing = [partner for partner in found if partner.pk not in known]
        if not missing:
            raise PublicationRefused(f"{version} was published to all of them. Remind those that are silent.")
        for partner in missing:
            _send_first(publication, partner, by, at)
    return publication


def _new(desk: Desk, version: ProcedureVersion, in_force_from: datetime, by: str, at: datetime) -> Publication:
    replaced = version_in_force(desk, at)
    made: Publication = Publication.objects.create(
        desk=desk,
        version=version,
        replaces=replaced if replaced.pk != version.pk else None,
        differences=list(differences_between(replaced, version)),
        published_at=at,
        published_by=by[:120],
        in_force_from=in_force_from,
    )
    return made


def differences_between(old: ProcedureVersion, new: ProcedureVersion) -> tuple[str, ...]:
    """What ``new`` changes in ``old``, in sentences."""
    return differences(procedure_at(old.pk), procedure_at(new.pk)) if old.pk != new.pk else ()


def addresses_for(partner: Partner) -> list[str]:
    """The back office, else the reference persons."""
    mails = partner.lines.filter(channel=ContactLine.Channel.MAIL)
    for purpose in (ContactLine.Purpose.BACK_OFFICE, ContactLine.Purpose.REFERENCE_PERSON):
        if found := list(dict.fromkeys(mails.filter(purpose=purpose).values_list("value", flat=True))):
            return found
    return []


def _send_first(publication: Publication, partner: Partner, by: str, at: datetime) -> None:
    to = addresses_for(partner)
    made: Acknowledgement = Acknowledgement.objects.create(
        desk=publication.desk, publication=publication, partner=partner, sent_to=to, sent_at=at if to else None
    )
    for address in to:
        _post(made, address, f"publication:{made.pk}:{address}"[:80], by, at)


def remind(acknowledgement: Acknowledgement, *, by: str, at: datetime) -> None:
    """Mail it once more, to the addresses that the partner has now. Raises PublicationRefused."""
    with transaction.atomic():
        locked = _locked(acknowledgement)
        if locked.acknowledged_at:
            raise PublicationRefused(f"{locked.partner} has acknowledged it: there is nothing to remind of.")
        if locked.sent_at and at - locked.sent_at < REMIND_AFTER:
            raise PublicationRefused(f"{locked.partner} was written to within a day. Wait, or phone.")
        to = addresses_for(locked.partner)
        if not to:
            raise PublicationRefused(f"{locked.partner} has no address. Add one to its contact form.")
        locked.sent_to, locked.sent_at = to, at
        locked.save(update_fields=["sent_to", "sent_at"])
        for address in to:
            _post(locked, address, f"reminder:{locked.pk}:{at:%y%m%d%H%M}:{address}"[:80], by, at)


def _post(acknowledgement: Acknowledgement, address: str, key: str, by: str, at: datetime) -> None:
    publication, partner = acknowledgement.publication, acknowledgement.partner
    desk, version = publication.desk, publication.version
    purpose = GuestLink.Purpose.PROCEDURE
    link, token = links.make_link(partner, purpose=purpose, about=acknowledgement.pk, sent_to=address, by=by, at=at)
    text = (
        f"Good day,\n\n{desk} publishes {version}. It is in force with {partner} from "
        f"{publication.in_force_from:%d/%m/%Y %H:%M} UTC, once you have acknowledged it.\n\n{_in_words(publication)}\n"
        f"Read all of it and acknowledge it here, without an account:\n{links.address_of(token)}\n\n"
        f"The link is good until {link.expires_at:%d/%m/%Y %H:%M} UTC.\n\n{desk}\n"
    )
    ports.post()(
        desk, partner=partner, about=f"publication:{publication.pk}", key=key, to=[address],
        subject=f"{version}: to be acknowledged", text=text, at=at,
    )  # fmt: skip


def _in_words(publication: Publication) -> str:
    if not publication.differences:
        return "It changes nothing in what is practised.\n"
    listed = "".join(f"- {sentence}\n" for sentence in publication.differences[:_SHOWN])
    more = len(publication.differences) - _SHOWN
    return f"What it changes:\n{listed}" + (f"and {more} more, behind the link.\n" if more > 0 else "")


def acknowledge(acknowledgement: Acknowledgement, *, name: str, by_hand: str = "", at: datetime) -> Acknowledgement:
    """``name`` signs for the partner, by its link or, where ``by_hand`` says who noted it, in another way.

    A second time changes nothing. Raises PublicationRefused.
    """
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise PublicationRefused("Write the name of whoever acknowledges it, in at most 80 characters.")
    with transaction.atomic():
        locked = _locked(acknowledgement)
        if locked.acknowledged_at is None:
            locked.acknowledged_at, locked.acknowledged_by, locked.by_hand = at, name, by_hand[:120]
            locked.save(update_fields=["acknowledged_at", "acknowledged_by", "by_hand"])
    return locked


def _locked(acknowledgement: Acknowledgement) -> Acknowledgement:
    found: Acknowledgement = (
        Acknowledgement.objects.select_for_update(of=("self",))
        .select_related("partner__desk", "publication__desk", "publication__version")
        .get(pk=acknowledgement.pk)
    )
    return found
