"""What is looked up of charging: EVSEs, tokens and Users by what someone says, sessions by either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from roamdesk.charging.keys import contract_stem
from roamdesk.charging.matching import SHORTEST_PART, SessionRecord
from roamdesk.charging.models import Evse, RoamingUser, Session, Token
from roamdesk.desks.models import Desk
from roamdesk.identifiers import (
    EvseId,
    Grade,
    Hit,
    IdentifierError,
    Label,
    OperatorId,
    RfidUid,
    SearchPatterns,
    chosen,
    label_key,
    printed_number,
    rank,
    search_patterns,
    sounds_key,
    token_key,
)
from roamdesk.partners.models import Partner
from roamdesk.partners.numbers import NumberRefused, phone_number
from roamdesk.partners.selectors import partner_of_operator

MOST_CANDIDATES = 500
NEWEST = 20
RECENT = timedelta(hours=24)
SHORTEST_OPERATOR = 3


@dataclass(frozen=True)
class EvseHit:
    """An EVSE that fits; ``text`` is what fits of it, ``spans`` the places in it to underline."""

    evse: Evse
    text: str
    grade: Grade
    spans: tuple[tuple[int, int], ...]
    note: str


@dataclass(frozen=True)
class OperatorHint:
    """Whose EVSE it must be, by its first letters; neither ours nor a partner's: an operator nobody knows here."""

    operator: str
    ours: bool
    partner: Partner | None

    @property
    def known(self) -> bool:
        return self.ours or self.partner is not None


@dataclass(frozen=True)
class FoundEvses:
    """Hits, best first. ``chosen`` only when no other could be meant; ``complete`` is false when too many fit."""

    hits: tuple[EvseHit, ...]
    chosen: Evse | None
    operator: OperatorHint | None
    complete: bool


@dataclass(frozen=True)
class TokenHit:
    """A token that fits what was said, whole or in part, and how, in words."""

    token: Token
    how: str
    whole: bool

    @property
    def user(self) -> RoamingUser | None:
        return self.token.user


def find_evse(desk: Desk, heard: str) -> FoundEvses:
    """The EVSEs that someone may mean by part of a label, an EVSE id or an address; never silently one of two.

    Without a hit, ``operator`` says whom the label names. Raises IdentifierError above 255 characters.
    """
    patterns, key = search_patterns(heard), label_key(heard)
    if not key:
        return FoundEvses((), None, None, True)
    exact = list(_evses(desk).filter(Q(label_key=key) | Q(id_key=key))[:MOST_CANDIDATES])
    fitting = list(_evses(desk).filter(_fits(patterns)).order_by("pk")[: MOST_CANDIDATES + 1])
    complete = len(fitting) <= MOST_CANDIDATES
    evses = {str(evse.pk): evse for evse in [*exact, *fitting]}
    hits = rank(heard, [label for pk, evse in evses.items() for label in _labels(pk, evse)])
    certain = chosen(hits) if complete or exact else None
    return FoundEvses(
        hits=tuple(_evse_hit(hit, evses[hit.candidate.of]) for hit in hits),
        chosen=evses[certain.candidate.of] if certain else None,
        operator=None if hits else operator_named(desk, heard),
        complete=complete,
    )


def operator_named(desk: Desk, heard: str) -> OperatorHint | None:
    """The operator that a whole EVSE id, or the beginning of a label, names; None when it names none or several."""
    try:
        operator = EvseId.parse(heard.strip()).operator_id
    except IdentifierError:
        return _operator_by_prefix(desk, heard)
    ours = operator in _operators(desk.operator_ids)
    partner = None if ours else partner_of_operator(desk, operator.as_given)
    return OperatorHint(operator.as_given, ours, partner)


def sessions_for(desk: Desk, *, evse: Evse | None = None, token: str = "", now: datetime) -> list[SessionRecord]:
    """The sessions at the EVSE or with the token, open or ended within 24 h, newest first (S9, S26)."""
    sessions = Session.objects.filter(desk=desk)
    ways = [sessions.filter(evse=evse)] if evse is not None else []
    if keys := _keys_of_token(desk, token):
        ways.append(sessions.filter(token_key__in=keys))
    if not ways:
        return []
    first, *others = [_newest_rows(way)[:NEWEST] for way in ways]
    records = {row[0]: _record(row) for row in first.union(*others, all=True)}
    recent = [one for one in records.values() if one.ended_at is None or now - one.ended_at <= RECENT]
    return sorted(recent, key=lambda one: one.started_at, reverse=True)


def open_session_at(evse: Evse) -> Session | None:
    """The session that runs at the EVSE, the newest where a station forgot to end one."""
    return Session.objects.filter(evse=evse, ended_at__isnull=True).order_by("-started_at").first()


def other_sessions_at_station(evse: Evse) -> list[SessionRecord]:
    """Whom else a command may touch: open sessions at the same station, but not at this EVSE."""
    if evse.station_id is None:
        return []
    others = Session.objects.filter(station=evse.station_id, ended_at__isnull=True).exclude(evse=evse)
    return [_record(row) for row in _newest_rows(others)]


def find_tokens(desk: Desk, said: str) -> list[TokenHit]:
    """Tokens by the whole value, its bytes reversed, the contract id, the printed number, or their last characters.

    At most 20, whole ones first. Raises IdentifierError with the mend when ``said`` can be no token.
    """
    key, stem, end = token_key(said), contract_stem(said), printed_number(said)
    keys = _both_ways(key)
    ways: list[tuple[Q, str, bool]] = [
        (Q(key=key), "same", True),
        (Q(key__in=keys[1:]), "bytes in the other order", True),
        (Q(contract_key=stem) if stem else Q(pk__in=[]), "by the contract id", True),
        (Q(printed_key=end), "by the number printed on the card", True),
        (_ends_with(end), f"last {len(end)} the same", False),
    ]
    tokens = Token.objects.filter(desk=desk).select_related("user").order_by("pk")
    hits: dict[int, TokenHit] = {}
    for which, how, whole in ways:
        for token in tokens.filter(which)[:NEWEST]:
            hits.setdefault(token.pk, TokenHit(token, how, whole))
    return list(hits.values())[:NEWEST]


def users_by_phone(desk: Desk, said: str) -> list[RoamingUser]:
    """Users with this number, or with its last four digits or more; at most 20, empty when it is no number."""
    users = RoamingUser.objects.filter(desk=desk).order_by("pk")
    try:
        exact = list(users.filter(phone=phone_number(said, desk.country))[:NEWEST])
    except NumberRefused:
        exact = []
    digits = "".join(filter(str.isdecimal, said))
    if exact or len(digits) < SHORTEST_PART or not said.isascii():
        return exact
    return list(users.filter(phone__endswith=digits.lstrip("0") or digits)[:NEWEST])


def _evses(desk: Desk) -> QuerySet[Evse]:
    return Evse.objects.filter(desk=desk).select_related("station", "partner")


def _fits(patterns: SearchPatterns) -> Q:
    which = Q(pk__in=[])
    if patterns.sounds_parts:
        one_after_the_other = ".*".join(patterns.sounds_parts)
        which |= Q(sounds_key__regex=one_after_the_other) | Q(id_sounds_key__regex=one_after_the_other)
    if patterns.words:
        which |= Q(*(("address_key__contains", word) for word in patterns.words))
    return which


def _labels(pk: str, evse: Evse) -> Iterable[Label]:
    yield Label(evse.label_key, evse.label, evse.address, pk)
    if evse.evse_id and evse.id_key != evse.label_key:
        yield Label(evse.id_key, evse.evse_id, evse.address, pk)


def _evse_hit(hit: Hit, evse: Evse) -> EvseHit:
    return EvseHit(evse, hit.candidate.text, hit.grade, hit.spans, hit.note)


def _operator_by_prefix(desk: Desk, heard: str) -> OperatorHint | None:
    said = sounds_key(heard)
    if len(said) < SHORTEST_OPERATOR:
        return None
    ours = [(operator, None) for operator in _operators(desk.operator_ids)]
    theirs = [
        (operator, partner)
        for partner in Partner.objects.filter(desk=desk)
        for operator in _operators(partner.operator_ids)
    ]
    named = [(operator, partner) for operator, partner in [*ours, *theirs] if _begins(said, operator)]
    if len(named) != 1:
        return None
    operator, partner = named[0]
    return OperatorHint(operator.as_given, partner is None, partner)


def _begins(said: str, operator: OperatorId) -> bool:
    return said.startswith((sounds_key(operator.key), sounds_key(operator.operator)))


def _operators(texts: Sequence[str]) -> list[OperatorId]:
    found = []
    for text in texts:
        try:
            found.append(OperatorId.parse(text))
        except IdentifierError:
            continue
    return found


def _keys_of_token(desk: Desk, said: str) -> set[str]:
    """Every key that a session of this token may carry."""
    try:
        key = token_key(said) if said else ""
    except IdentifierError:
        return set()
    stem = contract_stem(said)
    tokens = Token.objects.filter(desk=desk).filter(
        Q(key__in=_both_ways(key)) | (Q(contract_key=stem) if stem else Q(printed_key=key))
    )
    return {*_both_ways(key), stem, *tokens.values_list("key", flat=True)[:NEWEST]} - {""}


def _both_ways(key: str) -> list[str]:
    try:
        return list(dict.fromkeys([key, RfidUid.parse(key).reversed().key]))
    except IdentifierError:
        return [key]


def _ends_with(end: str) -> Q:
    if len(end) < SHORTEST_PART:
        return Q(pk__in=[])
    return Q(key__endswith=end) | Q(contract_key__endswith=end) | Q(printed_key__endswith=end)


_ROW = (
    "pk", "started_at", "observed_at", "ended_at", "evse__label", "evse__evse_id", "token_key", "contract_id",
    "evse__address", "session_id", "transaction_id", "charging", "station__connection_id", "station__last_seen_at",
)  # fmt: skip


def _newest_rows(sessions: QuerySet[Session]) -> QuerySet[Session, tuple[Any, ...]]:
    """The columns of a SessionRecord, in its order, and when its station last spoke."""
    contracts = Token.objects.filter(desk=OuterRef("desk"), key=OuterRef("token_key")).values("contract_id")[:1]
    return sessions.annotate(contract_id=Subquery(contracts)).order_by("-started_at").values_list(*_ROW)


def _record(row: tuple[Any, ...]) -> SessionRecord:
    named = dict(zip(_ROW, row, strict=True))
    record = SessionRecord(
        pk=named["pk"],
        started_at=named["started_at"],
        observed_at=named["observed_at"],
        ended_at=named["ended_at"],
        evse_label=named["evse__label"] or "",
        evse_id=named["evse__evse_id"] or "",
        token_key=named["token_key"],
        contract_id=named["contract_id"] or "",
        address=named["evse__address"] or "",
        session_id=named["session_id"],
        transaction_id=named["transaction_id"],
        charging=named["charging"],
    )
    connection_id, last_seen_at = named["station__connection_id"], named["station__last_seen_at"]
    # A connected station would have told of a change: its last word is the age of what we know.
    if connection_id and last_seen_at and last_seen_at > record.observed_at:
        return replace(record, observed_at=last_seen_at)
    return record
