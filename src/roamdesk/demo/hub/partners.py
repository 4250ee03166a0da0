"""Who takes part, and what the hub remembers of sessions and EVSEs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roamdesk.identifiers import EvseId, IdentifierError, OperatorId, ProviderId, label_key


@dataclass
class HubPartner:
    """`name` is the common name of its certificate, `base_url` where the hub calls it, before /api/oicp."""

    name: str
    base_url: str
    operator_id: str = ""
    provider_id: str = ""
    locked: bool = False
    offline: bool = False

    @property
    def operator_key(self) -> str:
        return OperatorId.parse(self.operator_id).key if self.operator_id else ""

    @property
    def provider_key(self) -> str:
        return ProviderId.parse(self.provider_id).key if self.provider_id else ""


@dataclass
class HubSession:
    session_id: str
    operator_key: str
    provider_key: str
    cpo_session_id: str | None = None
    emp_session_id: str | None = None
    token: str = ""  # what started it, where the hub authorised by itself
    closed: bool = False


@dataclass
class StoredRecord:
    """A charge detail record. `at` is when the hub got it (UTC)."""

    document: dict[str, Any]
    at: datetime
    provider_key: str
    forwarded: bool = False


@dataclass
class Memory:
    """Everything that the hub knows; gone when it ends."""

    partners: list[HubPartner] = field(default_factory=list)
    contracts: set[tuple[str, str]] = field(default_factory=set)  # (provider key, operator key)
    evses: dict[str, dict[str, Any]] = field(default_factory=dict)  # by key; records as pushed, with their operator
    statuses: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # by key: operator, EVSE id, status
    tokens: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by provider key
    sessions: dict[str, HubSession] = field(default_factory=dict)  # by upper-case id
    records: list[StoredRecord] = field(default_factory=list)

    def operator(self, text: str) -> HubPartner | None:
        return self._partner("operator_key", _key(text, OperatorId))

    def provider(self, text: str) -> HubPartner | None:
        return self._partner("provider_key", _key(text, ProviderId))

    def operator_of(self, evse_id: str) -> HubPartner | None:
        try:
            return self._partner("operator_key", EvseId.parse(evse_id).operator_key)
        except IdentifierError:
            return None

    def has_contract(self, provider: HubPartner, operator: HubPartner) -> bool:
        return (provider.provider_key, operator.operator_key) in self.contracts

    def session(self, session_id: str | None) -> HubSession | None:
        return self.sessions.get((session_id or "").upper())

    def record_of(self, evse_id: str) -> dict[str, Any] | None:
        return self.evses.get(label_key(evse_id))

    def has_records_of(self, operator: HubPartner) -> bool:
        return any(record["OperatorID"] == operator.operator_id for record in self.evses.values())

    def _partner(self, name: str, key: str) -> HubPartner | None:
        return next((one for one in self.partners if key and getattr(one, name) == key), None)


def _key(text: str, kind: type[OperatorId] | type[ProviderId]) -> str:
    try:
        return kind.parse(text).key
    except IdentifierError:
        return ""
