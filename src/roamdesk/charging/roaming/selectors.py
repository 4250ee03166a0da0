"""What is looked up of roaming data: the record behind an EVSE, its sessions with their evidence, the loads."""

from __future__ import annotations

from roamdesk.charging.models import Evse, EvseRecord, HotlineChange, Pull, RefusedRecord, Session
from roamdesk.desks.models import Desk

NEWEST = 20


def record_of(evse: Evse) -> EvseRecord | None:
    """What the hub says of the EVSE; None where it says nothing, or it is ours."""
    if evse.record_id is None:
        return None
    return EvseRecord.objects.filter(desk=evse.desk_id, pk=evse.record_id).select_related("pull").first()


def sessions_at(evse: Evse) -> list[Session]:
    """The newest sessions at the EVSE, each with its evidence and CDRs."""
    found = Session.objects.filter(desk=evse.desk_id, evse=evse).select_related("partner")
    return list(found.prefetch_related("evidence", "cdrs").order_by("-started_at")[:NEWEST])


def hotlines_of(evse: Evse) -> list[HotlineChange]:
    """Which hotlines roaming data named before, newest change first."""
    return list(HotlineChange.objects.filter(evse=evse).order_by("-at")[:NEWEST])


def pulls_of(desk: Desk, count: int = 5) -> list[Pull]:
    """The newest loads of the directory."""
    return list(Pull.objects.filter(desk=desk).order_by("-pk")[:count])


def refused_records(desk: Desk, count: int = 50) -> list[RefusedRecord]:
    """Records that loads did not take, newest first."""
    return list(RefusedRecord.objects.filter(desk=desk).select_related("pull").order_by("-pk")[:count])
