"""The verbs of roaming, for an edge that speaks with a hub. Each opens the desk's scope itself."""

from __future__ import annotations

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
from roamdesk.charging.roaming.starting import Hindrance, StartRefused, order_start, settle_start
from roamdesk.charging.roaming.statuses import StatusTally, record_status
from roamdesk.charging.roaming.stopping import can_stop, queue_remote_stop

__all__ = [
    "EvidenceRefused",
    "Hindrance",
    "PullRefused",
    "StartRefused",
    "StatusTally",
    "authorise",
    "begin_pull",
    "block_token",
    "can_stop",
    "decide_pull",
    "finish_pull",
    "import_evses",
    "last_as_of",
    "name_session",
    "order_start",
    "queue_remote_stop",
    "record_authorisation",
    "record_cdr",
    "record_notification",
    "record_status",
    "settle_start",
    "take_page",
    "unblock_token",
]
