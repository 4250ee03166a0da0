"""The verbs of roaming, for an edge that speaks with a hub. Each opens the desk's scope itself."""

from __future__ import annotations

from roamdesk.charging.roaming.asking import Hindrance, OrderRefused
from roamdesk.charging.roaming.authorising import authorise, block_token, unblock_token
from roamdesk.charging.roaming.pulling import (
    PullRefused,
    begin_pull,
    decide_pull,
    finish_pull,
    import_evses,
    last_as_of,
    take_page,
)
from roamdesk.charging.roaming.recording import (
    EvidenceRefused,
    name_session,
    record_authorisation,
    record_cdr,
    record_notification,
)
from roamdesk.charging.roaming.reserving import (
    order_cancellation,
    order_reservation,
    settle_cancellation,
    settle_reservation,
)
from roamdesk.charging.roaming.starting import order_start, settle_start, withdraw_start
from roamdesk.charging.roaming.statuses import StatusTally, record_status
from roamdesk.charging.roaming.stopping import can_stop, queue_remote_stop
from roamdesk.charging.roaming.telling import give_up_telling, note_told, tell_later

__all__ = [
    "EvidenceRefused",
    "Hindrance",
    "OrderRefused",
    "PullRefused",
    "StatusTally",
    "authorise",
    "begin_pull",
    "block_token",
    "can_stop",
    "decide_pull",
    "finish_pull",
    "give_up_telling",
    "import_evses",
    "last_as_of",
    "name_session",
    "note_told",
    "order_cancellation",
    "order_reservation",
    "order_start",
    "queue_remote_stop",
    "record_authorisation",
    "record_cdr",
    "record_notification",
    "record_status",
    "settle_cancellation",
    "settle_reservation",
    "settle_start",
    "take_page",
    "tell_later",
    "unblock_token",
    "withdraw_start",
]
