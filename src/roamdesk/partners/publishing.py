"""A procedure is made known to partners, and each acknowledges it (S4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from roamdesk.desks.models import Desk
from roamdesk.partners import announcing
from roamdesk.partners.addresses import AddressRefused, mail_address
from roamdesk.partners.agreed import agreed_with
from roamdesk.partners.models import Acknowledgement, ContactLine, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import take_up

REMIND_AFTER = timedelta(days=1)
"""Nobody is reminded twice a day."""
_BY_MAIL = (ContactLine.Purpose.BACK_OFFICE, ContactLine.Purpose.REFERENCE_PERSON)
"""Where a partner is written to: at the first of them that it has."""


class PublicationRefused(ValueError):
    """Nothing was published or noted; the text says why and what to do."""


@dataclass(frozen=True)
class Reached:
    """A partner that a publication is for: what it runs on until it acknowledges, and where it is written to."""

    partner: Partner
    runs_on: ProcedureVersion
    addresses: tuple[str, ...]


def publish(
    desk: Desk,
    version: ProcedureVersion,
    *,
    partners: Iterable[Partner] | None = None,
    in_force_from: datetime | None = None,
    by: str,
    at: datetime,
) -> Publication:
    """The version is made known to these partners, or to all; jobs mail each what it changes for it and a link.

    It is in force with a partner from ``in_force_from`` (UTC), or from its acknowledgement when that comes later.
    Published again it reaches the partners that it has not reached yet, from the same time. As many statements for a
    thousand partners as for one. Raises PublicationRefused.
    """
    _refuse_sender(desk)
    with transaction.atomic():
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)
        found = reached_by(desk, version, partners, at)
        publication = _publication(desk, version, in_force_from, by, at)
        if not found:
            raise PublicationRefused(f"{version} was published to all of them. Remind those that are silent.")
        take_up(desk, version)
        Acknowledgement.objects.bulk_create(
            Acknowledgement(
                desk=desk, publication=publication, partner=one.partner, replaces=one.runs_on, made_at=at,
                made_by=by[:120], sent_to=[*one.addresses],
            )
            for one in found
        )  # fmt: skip
        announcing.defer_writing(publication.pk)
    return publication


def _refuse_sender(desk: Desk) -> None:
    """No mail leaves from an address that is none: better said now than by each job."""
    try:
        mail_address(desk.mail_from)
    except AddressRefused as refused:
        raise PublicationRefused(f"The desk's own address: {refused}") from None


def not_reached(desk: Desk, version: ProcedureVersion) -> QuerySet[Partner]:
    """The partners that were not sent this version yet."""
    left = Partner.objects.filter(desk=desk).exclude(acknowledgements__publication__version=version)
    return left.order_by("name")


def reached_by(
    desk: Desk, version: ProcedureVersion, partners: Iterable[Partner] | None, at: datetime
) -> list[Reached]:
    """Whom publishing would reach: these partners, or all, without those that were sent it before."""
    left = not_reached(desk, version)
    chosen = left if partners is None else left.filter(pk__in=[partner.pk for partner in partners])
    return reached_of(desk, [*chosen], at)


def reached_of(desk: Desk, partners: Sequence[Partner], at: datetime) -> list[Reached]:
    """What each runs on, and where it is written to."""
    addresses = addresses_of(partners)
    return [Reached(one.partner, one.version, addresses[one.partner.pk]) for one in agreed_with(desk, partners, at)]


def _publication(
    desk: Desk, version: ProcedureVersion, in_force_from: datetime | None, by: str, at: datetime
) -> Publication:
    standing: Publication | None = Publication.objects.filter(desk=desk, version=version).first()
    if standing is not None:
        if in_force_from not in (None, standing.in_force_from):
            begins = f"{standing.in_force_from:%d/%m/%Y %H:%M} UTC"
            raise PublicationRefused(f"{version} was published as in force from {begins}, and that stands.")
        return standing
    if in_force_from is None or in_force_from < at:
        raise PublicationRefused("It cannot be in force before it is published. Choose a time to come.")
    made: Publication = Publication.objects.create(
        desk=desk, version=version, published_at=at, published_by=by[:120], in_force_from=in_force_from
    )
    return made


def addresses_of(partners: Sequence[Partner]) -> dict[int, tuple[str, ...]]:
    """By partner: its back office, else its reference persons; empty where it has neither."""
    mails = ContactLine.objects.filter(
        partner__in=[partner.pk for partner in partners], channel=ContactLine.Channel.MAIL, purpose__in=_BY_MAIL
    )
    found: dict[int, dict[str, list[str]]] = {partner.pk: {} for partner in partners}
    for pk, purpose, value in mails.values_list("partner_id", "purpose", "value"):
        found[pk].setdefault(purpose, []).append(value)
    return {
        pk: tuple(dict.fromkeys(next((lines[purpose] for purpose in _BY_MAIL if purpose in lines), [])))
        for pk, lines in found.items()
    }


def remind(acknowledgement: Acknowledgement, *, by: str, at: datetime) -> Acknowledgement:
    """Mail it once more, to the addresses that the partner has now. Raises PublicationRefused."""
    with transaction.atomic():
        locked = _locked(acknowledgement)
        if locked.acknowledged_at:
            raise PublicationRefused(f"{locked.partner} has acknowledged it: there is nothing to remind of.")
        if locked.is_waiting:
            raise PublicationRefused(f"{locked.partner} is about to be written to. Wait a minute.")
        if locked.sent_at and at - locked.sent_at < REMIND_AFTER:
            raise PublicationRefused(f"{locked.partner} was written to within a day. Wait, or phone.")
        to = [*addresses_of([locked.partner])[locked.partner_id]]
        if not to:
            raise PublicationRefused(f"{locked.partner} has no address. Add one to its contact form.")
        locked.sent_to, locked.sent_at = to, at
        locked.save(update_fields=["sent_to", "sent_at"])
        announcing.post(locked, f"reminder {at:%y%m%d%H%M}", by, at)
    return locked


def may_remind(sent: Acknowledgement, at: datetime) -> bool:
    """Whether ``remind`` would write to a partner that has an address."""
    lately = sent.sent_at is not None and at - sent.sent_at < REMIND_AFTER
    return sent.acknowledged_at is None and not sent.is_waiting and not lately


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
        .select_related("partner__desk", "publication__desk", "publication__version", "replaces")
        .get(pk=acknowledgement.pk)
    )
    return found
