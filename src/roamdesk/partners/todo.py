"""What is left for the partner manager: one open task for each partner, kind and subject."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner, PartnerTask

SHOWN = 200


def open_task(
    partner: Partner, kind: str, *, subject: str = "", text: str, at: datetime, due_at: datetime | None = None
) -> PartnerTask:
    """The open task about this, made where there is none; its text and due time (UTC) follow the newest call."""
    with transaction.atomic():
        PartnerTask.objects.bulk_create(
            [
                PartnerTask(
                    desk_id=partner.desk_id, partner=partner, kind=kind, subject=subject, text=text[:300],
                    opened_at=at, due_at=due_at,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        about = PartnerTask.objects.filter(partner=partner, kind=kind, subject=subject, done_at__isnull=True)
        about.update(text=text[:300], due_at=due_at)
        return about.get()


def close_task(partner: Partner, kind: str, *, subject: str = "", outcome: str, by: str, at: datetime) -> bool:
    """Done; false where no such task was open."""
    found = PartnerTask.objects.filter(partner=partner, kind=kind, subject=subject, done_at__isnull=True)
    return bool(found.update(done_at=at, done_by=by[:120], outcome=outcome[:200]))


def tasks_of(desk: Desk) -> list[PartnerTask]:
    """The open ones by due time; at most 200."""
    tasks = PartnerTask.objects.filter(desk=desk, done_at__isnull=True).select_related("partner")
    return list(tasks[:SHOWN])
