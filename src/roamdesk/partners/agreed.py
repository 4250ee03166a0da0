"""Who runs on which version of a procedure, since when, and what was sent but not acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Acknowledgement, Partner, ProcedureVersion
from roamdesk.partners.procedures import newest_in_force, version_in_force


@dataclass(frozen=True)
class Agreed:
    """``since`` is None where no acknowledgement brought the version about; ``sent`` is in the order of sending."""

    partner: Partner
    version: ProcedureVersion
    since: datetime | None
    sent: tuple[Acknowledgement, ...]

    @property
    def newest(self) -> Acknowledgement | None:
        return self.sent[-1] if self.sent else None


def agreed_with(desk: Desk, partners: Sequence[Partner], at: datetime) -> list[Agreed]:
    """As ``version_between`` says it of each, at ``at`` (UTC), in three queries. Versions come without text."""
    sent: dict[int, list[Acknowledgement]] = {partner.pk: [] for partner in partners}
    rows = Acknowledgement.objects.filter(partner__in=[*sent]).select_related("publication").order_by("pk")
    for one in rows:
        sent[one.partner_id].append(one)
    own = version_in_force(desk, at)
    wanted = {pk for one in rows for pk in (one.replaces_id, one.publication.version_id)}
    versions = ProcedureVersion.objects.defer("source").in_bulk(wanted)
    for one in rows:
        one.replaces = versions[one.replaces_id]
        one.publication.version = versions[one.publication.version_id]
    return [_agreed(partner, sent[partner.pk], own, at) for partner in partners]


def _agreed(partner: Partner, sent: Sequence[Acknowledgement], own: ProcedureVersion, at: datetime) -> Agreed:
    newest = newest_in_force(sent, at)
    if newest is not None:
        return Agreed(partner, newest.publication.version, newest.in_force_at, tuple(sent))
    return Agreed(partner, sent[0].replaces if sent else own, None, tuple(sent))
