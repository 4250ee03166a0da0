"""A procedure is made known to partners, and each acknowledges it (S4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet

from roamdesk.desks.models import Desk
from roamdesk.partners import links, ports
from roamdesk.partners.agreed import agreed_with
from roamdesk.partners.models import Acknowledgement, ContactLine, GuestLink, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import procedure_at, take_up
from roamdesk.procedure.differences import differences

REMIND_AFTER = timedelta(days=1)
"""Nobody is reminded twice a day."""
_SHOWN = 12
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


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


def publish(
    desk: Desk,
    version: ProcedureVersion,
    *,
    partners: Iterable[Partner] | None = None,
    in_force_from: datetime | None = None,
    by: str,
    at: datetime,
) -> Publication:
    """Mail the version to these partners, or to all, with what it changes for each in words and a link to acknowledge.

    It is in force with a partner from ``in_force_from`` (UTC), or from its acknowledgement when that comes later.
    Published again it reaches the partners that it has not reached yet, from the same time. Raises PublicationRefused.
    """
    with transaction.atomic():
        Desk.objects.select_for_update(no_key=True).get(pk=desk.pk)
        found = reached_by(desk, version, partners, at)
        publication = _publication(desk, version, in_force_from, by, at)
        if not found:
            raise PublicationRefused(f"{version} was published to all of them. Remind those that are silent.")
        take_up(desk, version)
        for one in found:
            _send_first(publication, one, by, at)
    return publication


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


def differences_between(old: ProcedureVersion, new: ProcedureVersion) -> tuple[str, ...]:
    """What ``new`` changes in ``old``, in sentences."""
    return _differences(old.pk, new.pk) if old.pk != new.pk else ()


@lru_cache(maxsize=64)
def _differences(old: int, new: int) -> tuple[str, ...]:
    """Kept versions never change, and a publication asks for the same pair once for each partner."""
    return differences(procedure_at(old), procedure_at(new))


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


def _send_first(publication: Publication, reached: Reached, by: str, at: datetime) -> None:
    to = [*reached.addresses]
    made: Acknowledgement = Acknowledgement.objects.create(
        desk=publication.desk, publication=publication, partner=reached.partner, replaces=reached.runs_on, made_at=at,
        sent_to=to, sent_at=at if to else None,
    )  # fmt: skip
    _post(made, "publication", by, at)


def remind(acknowledgement: Acknowledgement, *, by: str, at: datetime) -> Acknowledgement:
    """Mail it once more, to the addresses that the partner has now. Raises PublicationRefused."""
    with transaction.atomic():
        locked = _locked(acknowledgement)
        if locked.acknowledged_at:
            raise PublicationRefused(f"{locked.partner} has acknowledged it: there is nothing to remind of.")
        if locked.sent_at and at - locked.sent_at < REMIND_AFTER:
            raise PublicationRefused(f"{locked.partner} was written to within a day. Wait, or phone.")
        to = [*addresses_of([locked.partner])[locked.partner_id]]
        if not to:
            raise PublicationRefused(f"{locked.partner} has no address. Add one to its contact form.")
        locked.sent_to, locked.sent_at = to, at
        locked.save(update_fields=["sent_to", "sent_at"])
        _post(locked, f"reminder {at:%y%m%d%H%M}", by, at)
    return locked


def _post(acknowledgement: Acknowledgement, key: str, by: str, at: datetime) -> None:
    """One mail to each address: a link is opened by whom it was sent to."""
    publication, partner = acknowledgement.publication, acknowledgement.partner
    changes = differences_between(acknowledgement.replaces, publication.version)
    for number, address in enumerate(acknowledgement.sent_to):
        link, token = links.make_link(
            partner, purpose=GuestLink.Purpose.PROCEDURE, about=acknowledgement.pk, sent_to=address, by=by, at=at
        )
        letter = letter_of(
            publication.desk, partner, publication.version, in_force_from=publication.in_force_from, changes=changes,
            address=links.address_of(token), good_until=link.expires_at, at=at,
        )  # fmt: skip
        ports.post()(
            publication.desk, partner=partner, about=f"acknowledgement:{acknowledgement.pk}",
            key=f"acknowledgement:{acknowledgement.pk}:{key}:{number}", to=[address],
            subject=letter.subject, text=letter.text, at=at,
        )  # fmt: skip


def letter_of(
    desk: Desk,
    partner: Partner,
    version: ProcedureVersion,
    *,
    in_force_from: datetime,
    changes: Sequence[str],
    address: str,
    good_until: datetime,
    at: datetime,
) -> Letter:
    """The mail as a partner gets it; ``address`` is that of its link."""
    begins = "once you have acknowledged it"
    if in_force_from > at:
        begins = f"from {in_force_from:%d/%m/%Y %H:%M} UTC, {begins}"
    return Letter(
        subject=f"{version}: to be acknowledged",
        text=(
            f"Good day,\n\n{desk} publishes {version}. It is in force between {desk} and {partner} {begins}.\n\n"
            f"{_in_words(changes)}\nRead all of it and acknowledge it here, without an account:\n{address}\n\n"
            f"The link is good until {good_until:%d/%m/%Y %H:%M} UTC.\n\n{desk}\n"
        ),
    )


def _in_words(changes: Sequence[str]) -> str:
    if not changes:
        return "It changes nothing in what is practised.\n"
    listed = "".join(f"- {sentence}\n" for sentence in changes[:_SHOWN])
    more = len(changes) - _SHOWN
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
        .select_related("partner__desk", "publication__desk", "publication__version", "replaces")
        .get(pk=acknowledgement.pk)
    )
    return found
