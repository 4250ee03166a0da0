"""The log of exchanges with the hub, and the pace that all processes keep together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.oicp.answers import Verdict
from roamdesk.oicp.client import Call
from roamdesk.oicp.models import Exchange, HubConnection
from roamdesk.oicp.operations import Operation
from roamdesk.oicp.pacing import spacing
from roamdesk.oicp.secrets import without_pins
from roamdesk.oicp.wire.evse import EvseDataPage, EvseStatus
from roamdesk.oicp.wire.records import ChargeDetailRecordPage

LONGEST_KEPT = 64 * 1024
_BULK = (EvseDataPage, EvseStatus, ChargeDetailRecordPage)


def keep_call(desk: Desk, call: Call) -> Exchange:
    """Store a call of ours with its outcome, and when the hub was last heard."""
    outcome = call.outcome
    with scope(desk=desk), transaction.atomic():
        exchange: Exchange = Exchange.objects.create(
            desk=desk, inbound=False, operation=call.operation.name, path=call.path[:300], at=call.at,
            session_id=str(getattr(outcome.answer, "SessionID", None) or "")[:64],
            request=without_pins(call.body)[:LONGEST_KEPT], response=_kept_response(call), seconds=call.seconds,
            http_status=outcome.http_status, code=outcome.code, verdict=outcome.verdict,
            says=without_pins(outcome.says.encode())[:500], process_id=outcome.process_id,
            findings=[str(finding)[:300] for finding in outcome.findings[:50]],
        )  # fmt: skip
        _note_contact(desk, call)
    return exchange


def _kept_response(call: Call) -> str:
    if call.operation.answer in _BULK and call.outcome.verdict is Verdict.ACCEPTED:
        return ""
    return without_pins(call.outcome.raw)[:LONGEST_KEPT]


def _note_contact(desk: Desk, call: Call) -> None:
    connection_of = HubConnection.objects.filter(desk=desk)
    if call.outcome.http_status is not None:
        connection_of.update(last_contact_at=call.at)
    else:
        connection_of.update(last_failure_at=call.at, last_failure=call.outcome.says[:500])


_TAKE_TURN = """
INSERT INTO oicp_turn AS t (desk_id, operation, free_at)
VALUES (%(desk)s, %(operation)s, clock_timestamp() + %(spacing)s * interval '1 second')
ON CONFLICT (desk_id, operation) DO UPDATE
    SET free_at = greatest(t.free_at, clock_timestamp()) + %(spacing)s * interval '1 second'
RETURNING extract(epoch FROM t.free_at - clock_timestamp()) - %(spacing)s
"""


class SharedPace:
    """Calls of one kind evenly apart, whichever process makes them. By the database's clock."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def wait_before(self, operation: Operation, party: str) -> float:
        with connection.cursor() as cursor:
            cursor.execute(
                _TAKE_TURN, {"desk": self._desk.pk, "operation": operation.name, "spacing": spacing(operation)}
            )
            (seconds,) = cursor.fetchone()
        return max(0.0, float(seconds))


@contextmanager
def one_push_at_a_time(desk: Desk, operation: Operation) -> Iterator[None]:
    """Pushes of one kind overtake each other otherwise: whoever comes second waits for the first (section 5.11)."""
    lock = f"oicp {operation.name} {desk.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [lock])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [lock])
