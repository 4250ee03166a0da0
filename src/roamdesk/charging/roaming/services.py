"""The verbs of roaming, for an edge that speaks with a hub. Each opens the desk's scope itself."""

from __future__ import annotations

from roamdesk.charging.roaming.authorising import authorise, block_token, unblock_token
from roamdesk.charging.roaming.recording import (
    EvidenceRefused,
    record_authorisation,
    record_cdr,
    record_notification,
)

__all__ = [
    "EvidenceRefused",
    "authorise",
    "block_token",
    "record_authorisation",
    "record_cdr",
    "record_notification",
    "unblock_token",
]
