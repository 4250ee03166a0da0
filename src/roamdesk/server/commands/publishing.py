"""``roamdesk procedure publish`` and ``agreed``, at work within a desk."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from roamdesk.desks.models import Desk
from roamdesk.partners import announcing, publishing
from roamdesk.partners.agreed import agreed_with
from roamdesk.partners.announcing import differences_between
from roamdesk.partners.models import Acknowledgement, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import version_in_force, versions_known
from roamdesk.partners.publishing import Reached, reached_by
from roamdesk.partners.services import the_partner
from roamdesk.worktime import LocalTimeError, local_to_utc

Read = Callable[[Desk, str], ProcedureVersion]
BY = "roamdesk procedure publish"


def publish(desk: Desk, arguments: argparse.Namespace, read: Read) -> str:
    """``read`` takes a file up. Raises ValueError with the mend; nothing is published then."""
    now = timezone.now()
    version = _version(desk, arguments.version, read, now)
    partners = [the_partner(desk, name) for name in arguments.partners] if arguments.partners else None
    reached = reached_by(desk, version, partners, now)
    if arguments.preview:
        return "\n".join([*_said(reached, version), "Nothing was sent."])
    begins = _begins(desk, arguments.begins)
    publication = publishing.publish(desk, version, partners=partners, in_force_from=begins, by=BY, at=now)
    _write(publication)
    return "\n".join([*_said(reached, version), f"{version} is published; {_queued(publication, reached)}."])


def _queued(publication: Publication, reached: list[Reached]) -> str:
    if (how_far := announcing.written(publication)).waiting:
        return f"{how_far} written to, the server goes on"
    mails = sum(len(one.addresses) for one in reached)
    return "1 mail is queued" if mails == 1 else f"{mails} mails are queued"


def _write(publication: Publication) -> None:
    """The batches of the jobs, done here as well: it works without a server, and says how far it is."""
    while announcing.write_batch(publication.pk, timezone.now()):
        print(f"{announcing.written(publication)} written to", file=sys.stderr, flush=True)


def _version(desk: Desk, named: str, read: Read, now: datetime) -> ProcedureVersion:
    if not named.isdecimal():
        return read(desk, named)
    known: ProcedureVersion | None = versions_known(desk, now).filter(pk=int(named)).first()
    if known is None:
        raise ValueError(f"{desk} knows no version {named}. See: roamdesk procedure agreed --desk {desk.slug}")
    return known


def _begins(desk: Desk, text: str | None) -> datetime | None:
    try:
        return local_to_utc(datetime.fromisoformat(text), ZoneInfo(desk.zone)) if text else None
    except LocalTimeError:
        raise
    except ValueError:
        raise ValueError(f"{text!r} is no time. Write it like 2026-12-01T00:00, by the clock in {desk.zone}.") from None


def _said(reached: list[Reached], version: ProcedureVersion) -> Iterator[str]:
    for one in reached:
        yield f"{one.partner}, on {one.runs_on}: {', '.join(one.addresses) or 'no address, ask by phone'}"
        changes = differences_between(one.runs_on, version) or ("It changes nothing in what is practised.",)
        yield from (f"    {sentence}" for sentence in changes)


def agreed(desk: Desk) -> Iterator[str]:
    """The versions that the desk knows, then each partner."""
    now = timezone.now()
    own = version_in_force(desk, now)
    for version in versions_known(desk, now).defer("source"):
        published = Publication.objects.filter(desk=desk, version=version).first()
        begins = f", published, in force from {_utc(published.in_force_from)}" if published else ""
        if published and (how_far := announcing.written(published)).waiting:
            begins += f", {how_far} written to"
        is_own = ", the desk's own" if version.pk == own.pk else ""
        yield f"{version.pk}  {version}{is_own}{begins}"
    for one in agreed_with(desk, [*Partner.objects.filter(desk=desk).order_by("name")], now):
        since = f" since {_utc(one.since)}" if one.since else ""
        yield f"{one.partner}  {one.version}{since}"
        if one.newest:
            yield f"    {_answer(one.newest)}"


def _answer(sent: Acknowledgement) -> str:
    if sent.acknowledged_at:
        by_hand = f", noted by {sent.by_hand}" if sent.by_hand else ""
        return f"{sent.publication}: acknowledged {_utc(sent.acknowledged_at)} by {sent.acknowledged_by}{by_hand}"
    to = "about to be written to" if sent.is_waiting else "no address"
    if sent.sent_at:
        to = f"sent {_utc(sent.sent_at)} to {', '.join(sent.sent_to)}"
    return f"{sent.publication}: not acknowledged since {_utc(sent.made_at)}; {to}"


def _utc(at: datetime) -> str:
    return f"{at:%d/%m/%Y %H:%M} UTC"
