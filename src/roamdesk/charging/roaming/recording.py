"""Evidence of sessions, kept once however often and in whatever order it comes; the session follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.db import transaction
from django_scopes import scope

from roamdesk.charging.keys import fitting
from roamdesk.charging.models import Cdr, Evidence, Evse, Session, Token
from roamdesk.charging.roaming.folding import Kind, Piece, SessionState, fold
from roamdesk.charging.roaming.said import Authorisation, ChargeRecord, Notification, TimeSaid
from roamdesk.charging.roaming.texts import clean
from roamdesk.desks.models import Desk
from roamdesk.desks.prepared import found, insert, insert_first, update
from roamdesk.identifiers import IdentifierError, SessionId, label_key
from roamdesk.partners.models import Partner
from roamdesk.partners.selectors import partner_of_operator, partner_of_provider, partner_running

Message: TypeAlias = Authorisation | Notification | ChargeRecord
TIMES = ("session_start", "session_end", "charging_start", "charging_end", "occurred")
_NUMBERS = ("energy_kwh", "meter_start_kwh", "meter_end_kwh")
_LONGEST_TIME = 48
_MOST = Decimal(10) ** 8


class EvidenceRefused(ValueError):
    """This message belongs to no session; nothing was stored. The text says why."""


def record_authorisation(desk: Desk, said: Authorisation) -> Session:
    """A start, stop or reservation that was authorised or accepted, received or sent. Raises EvidenceRefused.

    Only of tokens of one's own: what another MSP authorised, or nobody, is not stored.
    """
    return _record(desk, Kind(said.step.value), said)


def record_notification(desk: Desk, said: Notification) -> Session:
    """News of a running session. Raises EvidenceRefused without a usable session id."""
    return _record(desk, Kind(said.happening.value), said)


def record_cdr(desk: Desk, said: ChargeRecord) -> Session:
    """A CDR, pushed or pulled: the same one counts once, another one for the same session is kept and flagged.

    Raises EvidenceRefused without a usable session id.
    """
    return _record(desk, Kind.CDR, said)


def _record(desk: Desk, kind: Kind, said: Message) -> Session:
    hub_key = session_key(said.ids.hub)
    with scope(desk=desk), transaction.atomic():
        session, made = _locked(desk, hub_key, said)
        evidence, fresh = _keep(desk, session, kind, said, first=made)
        if isinstance(said, ChargeRecord):
            _keep_cdr(evidence, said)
        if fresh:
            _follow(session, [evidence] if made else Evidence.objects.filter(session=session).defer("raw"))
    return session


def session_key(hub_session_id: str) -> str:
    """What the hub's session id is compared by. Raises EvidenceRefused where it can be none."""
    try:
        return fitting(SessionId.parse(clean(hub_session_id).strip()).key, 64)
    except IdentifierError as fault:
        raise EvidenceRefused(f"The session id cannot be used. {fault}") from None


def _locked(desk: Desk, hub_key: str, said: Message) -> tuple[Session, bool]:
    """The session of this id, and whether it had to be made; whoever else records for it waits."""
    row = Session(
        desk=desk, hub_key=hub_key, session_id=said.ids.hub.strip()[:64],
        started_at=said.origin.at, observed_at=said.origin.at,
    )  # fmt: skip
    if insert_first(row):
        return row, True
    known = Session.objects.select_for_update(of=("self",)).get(desk=desk, hub_key=hub_key)
    known.desk = desk
    return known, False


def _keep(desk: Desk, session: Session, kind: Kind, said: Message, *, first: bool) -> tuple[Evidence, bool]:
    """The evidence, and whether it says anything new: other content, or the same at an earlier time.

    ``first``: there is no other of this session.
    """
    values = _values(said)
    digest = _digest(kind, said, values)
    known = None if first else Evidence.objects.filter(session=session, digest=digest).first()
    if known is None:
        origin = said.origin
        evidence = Evidence(
            desk=desk, session=session, kind=kind, digest=digest, received_at=origin.at, sent_by_us=origin.sent_by_us,
            reference=clean(origin.reference, 64), raw=clean(origin.raw), **values,
        )  # fmt: skip
        insert(evidence)
        return evidence, True
    if said.origin.at < known.received_at:
        known.received_at = said.origin.at
        known.save(update_fields=["received_at"])
        return known, True
    return known, False


def _values(said: Message) -> dict[str, Any]:
    """What is read of a message, as columns of ``Evidence``."""
    token = said.token
    return {
        "evse_id": clean(said.evse_id, 64),
        "uid_key": token.uid_key,
        "contract_key": fitting(token.stem_key, 32),
        "operator_id": clean(said.operator_id, 24),
        "provider_id": clean(getattr(said, "provider_id", ""), 24),
        "cpo_session_id": clean(said.ids.cpo, 250),
        "msp_session_id": clean(said.ids.msp, 250),
        "product": clean(said.product, 50),
        "detail": clean(getattr(said, "error", ""), 300),
        "times": {name: clean(time.raw, _LONGEST_TIME) for name, time in _times(said)},
        **{name: _number(getattr(said, name, None)) for name in _NUMBERS},
    }


def _times(said: Message) -> Iterator[tuple[str, TimeSaid]]:
    for name in TIMES:
        time = getattr(said, name, None)
        if time is not None and time.raw:
            yield name, time


def _number(value: Decimal | None) -> Decimal | None:
    """What fits the column; a number beyond it stands in the raw text only."""
    if value is None or not value.is_finite() or abs(value) > _MOST:
        return None
    return round(value, 4)


_NOT_CONTENT = frozenset({"cpo_session_id", "msp_session_id", "times", "operator_id", "provider_id", "evse_id"})


def _digest(kind: Kind, said: Message, values: dict[str, Any]) -> str:
    """Of what is said, not of how: push and pull of one CDR differ in their text, not in this."""
    content = {name: value for name, value in values.items() if name not in _NOT_CONTENT and value not in ("", None)}
    content |= {name: f"{value.normalize():f}" for name, value in content.items() if isinstance(value, Decimal)}
    times = {name: time.at.isoformat() if time.at else time.raw for name, time in _times(said)}
    text = repr((kind.value, evse_key(said.evse_id), sorted(content.items()), sorted(times.items())))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def evse_key(evse_id: str) -> str:
    """What an EVSE id that was said is compared by, whatever stands there."""
    return fitting(label_key(clean(evse_id, 64)), 48)


def _keep_cdr(evidence: Evidence, said: ChargeRecord) -> None:
    cdr = Cdr.objects.filter(evidence=evidence).first() or Cdr(
        desk_id=evidence.desk_id, session_id=evidence.session_id, evidence=evidence, **_cdr_times(said)
    )
    came = "pulled_at" if said.origin.pulled else "pushed_at"
    before: datetime | None = getattr(cdr, came)
    if before is None or said.origin.at < before:
        setattr(cdr, came, said.origin.at)
        cdr.save()


def _cdr_times(said: ChargeRecord) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, time in _times(said):
        values |= {f"{name}_raw": clean(time.raw, _LONGEST_TIME), f"{name}_at": time.at}
    return values


def name_session(desk: Desk, session: Session, hub_session_id: str) -> None:
    """A session at a station of ours is known at the hub under this id. Raises EvidenceRefused for no usable id."""
    key = session_key(hub_session_id)
    with scope(desk=desk):
        ours = Session.objects.filter(desk=desk, pk=session.pk, station__isnull=False)
        ours.update(session_id=hub_session_id.strip()[:64], hub_key=key)


def _follow(session: Session, said: Iterable[Evidence]) -> None:
    """Bring the session in line with its evidence."""
    pieces = list(said)
    state = fold([_piece(evidence) for evidence in pieces])
    for name in ("grade", "cpo_session_id", "msp_session_id"):
        setattr(session, name, getattr(state, name))
    # What was odd about tokens that are erased cannot be seen any more.
    before = session.flags if any(evidence.erased_at for evidence in pieces) else []
    session.flags = sorted({*before, *(flag.value for flag in state.flags)})
    session.cdr_id = session.session_id if state.ended_at else ""
    if session.station_id is None:
        _take_course(session, state)
    session.observed_at = max(session.observed_at, state.observed_at)
    _place(session, state)
    update(session)


def _take_course(session: Session, state: SessionState) -> None:
    """Times, token and energy, as they are said; of a session at a station of ours the station knows them better."""
    for name in ("started_at", "ended_at", "observed_at", "charging", "meter_start_kwh"):
        setattr(session, name, getattr(state, name))
    session.energy_kwh = _fitting_energy(state.energy_kwh)
    session.token_key = token_of(session.desk, state.uid_key, state.contract_key)


def _piece(evidence: Evidence) -> Piece:
    return Piece(
        kind=Kind(evidence.kind),
        times={name: TimeSaid.read(raw) for name, raw in evidence.times.items()},
        **{name: getattr(evidence, name) for name in _PIECE},
    )


_PIECE = [
    "digest", "received_at", "evse_id", "uid_key", "contract_key", "operator_id", "provider_id", "cpo_session_id",
    "msp_session_id", *_NUMBERS,
]  # fmt: skip


def _fitting_energy(value: Decimal | None) -> Decimal | None:
    return None if value is None or abs(value) >= 10**7 else round(value, 3)


def token_of(desk: Desk, uid_key: str, stem: str) -> str:
    """The card's key; else that of the only token of this contract that is known here, else the contract's own."""
    if uid_key or not stem:
        return uid_key
    keys = list(Token.objects.filter(desk=desk, contract_key=stem).values_list("key", flat=True)[:2])
    return keys[0] if len(keys) == 1 else stem


_OF_KEY = "WHERE desk_id = %(desk)s AND id_key = %(key)s LIMIT 2"


def _place(session: Session, state: SessionState) -> None:
    session.evse_key = evse_key(state.evse_id)
    # Where a transaction of ours runs, its station knows.
    if session.evse_key and (session.station_id is None or session.evse_id is None):
        meant = found(Evse, _OF_KEY, {"desk": session.desk_id, "key": session.evse_key})
        session.evse = meant[0] if len(meant) == 1 else None
    session.partner = _other_company(session.desk, session.evse, state)


def _other_company(desk: Desk, evse: Evse | None, state: SessionState) -> Partner | None:
    """The CPO of a partner's EVSE; at one of ours, the MSP."""
    ours = evse is not None and (evse.station_id is not None or evse.partner_id is None)
    if not ours and desk.plays_msp:
        running = partner_running(desk, state.evse_id) if state.evse_id else None
        return running or (partner_of_operator(desk, state.operator_id) if state.operator_id else None)
    provider = state.provider_id or state.contract_key[:5]
    return partner_of_provider(desk, provider) if provider else None
