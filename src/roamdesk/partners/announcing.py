"""What is published is told to each partner by mail: in batches, by jobs, each partner once.

The row is the truth, a job only a reason to look at it now: a partner that waits for its mail has addresses and no
``sent_at``. A batch is one transaction, so what a killed worker had begun is begun anew, and nothing of it was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import structlog
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django_scopes import scopes_disabled
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from roamdesk.desks.models import Desk
from roamdesk.partners import links, ports
from roamdesk.partners.addresses import AddressRefused, mail_address
from roamdesk.partners.models import Acknowledgement, GuestLink, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import procedure_at
from roamdesk.procedure.differences import differences

BATCH = 50
_SHOWN = 12
_WAITS = Q(sent_at__isnull=True, acknowledged_at__isnull=True) & ~Q(sent_to=[])

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Written:
    """How far a publication has come: partners whose mails are queued, and partners that wait for theirs."""

    done: int
    waiting: int

    def __str__(self) -> str:
        return f"{self.done:,} of {self.done + self.waiting:,}"


def written(publication: Publication) -> Written:
    """As it stands now. Runs in the desk's scope."""
    return _written(Acknowledgement.objects.filter(publication=publication)).get(publication.pk, Written(0, 0))


def written_by_publication(desk: Desk) -> dict[int, Written]:
    """All that the desk published, by the publication's id, in one query. Runs in the desk's scope."""
    return _written(Acknowledgement.objects.filter(desk=desk))


def _written(rows: QuerySet[Acknowledgement]) -> dict[int, Written]:
    counted = rows.values_list("publication").annotate(
        done=Count("pk", filter=Q(sent_at__isnull=False)), waiting=Count("pk", filter=_WAITS)
    )
    return {pk: Written(done, waiting) for pk, done, waiting in counted.order_by("publication")}


def defer_writing(publication_id: int) -> bool:
    """Queue the job in the caller's transaction; false when one waits already."""
    job = app.configure_task(
        "partners.write_batch", queue="mail", queueing_lock=f"publication:{publication_id}", allow_unknown=True,
        priority=-1,
    )  # fmt: skip
    try:
        with transaction.atomic():
            job.defer(publication_id=publication_id)
    except AlreadyEnqueued:
        return False
    return True


def write_batch(publication_id: int, at: datetime) -> int:
    """Queue the mails to the next partners that wait for theirs, with the job for those after them; how many.

    One transaction. Done again, or by two at once, each partner is written to once.
    """
    # A job serves every desk; the row names its own.
    with scopes_disabled(), transaction.atomic():
        batch = [*_waiting(publication_id)[:BATCH]]
        for one in batch:
            one.sent_to = [*_usable(one)]
            one.sent_at = at if one.sent_to else None
            post(one, "publication", one.made_by, at)
        Acknowledgement.objects.bulk_update(batch, ["sent_to", "sent_at"])
        if len(batch) == BATCH:
            defer_writing(publication_id)
    return len(batch)


def sweep() -> int:
    """Take up what a dead worker left; how many publications."""
    with scopes_disabled():
        left = Acknowledgement.objects.filter(_WAITS).values_list("publication", flat=True).distinct()
        return sum(defer_writing(pk) for pk in left)


def _waiting(publication_id: int) -> QuerySet[Acknowledgement]:
    """Locked; whom another worker is writing to is left out."""
    rows = Acknowledgement.objects.select_for_update(of=("self",), skip_locked=True)
    rows = rows.filter(_WAITS, publication=publication_id).order_by("pk")
    rows = rows.select_related("partner", "publication__desk", "publication__version", "replaces")
    return rows.defer("publication__version__source", "replaces__source")


def _usable(acknowledgement: Acknowledgement) -> Iterator[str]:
    """One address that is none does not hold up the others: the partner is asked by phone."""
    for address in acknowledgement.sent_to:
        try:
            yield mail_address(address)
        except AddressRefused as refused:
            _log.warning("publication.address", acknowledgement=acknowledgement.pk, problem=str(refused))


def differences_between(old: ProcedureVersion, new: ProcedureVersion) -> tuple[str, ...]:
    """What ``new`` changes in ``old``, in sentences."""
    return _differences(old.pk, new.pk) if old.pk != new.pk else ()


@lru_cache(maxsize=64)
def _differences(old: int, new: int) -> tuple[str, ...]:
    """Kept versions never change, and a publication asks for the same pair once for each partner."""
    return differences(procedure_at(old), procedure_at(new))


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


def post(acknowledgement: Acknowledgement, key: str, by: str, at: datetime) -> None:
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
