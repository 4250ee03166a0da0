"""What is looked up of charging: EVSEs, tokens and Users by what someone says, sessions by either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from roamdesk.charging.finding import at_address, by_index, has_index, in_label
from roamdesk.charging.keys import contract_stem
from roamdesk.charging.lookup import NEWEST, newest_sessions
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
    iso_check_character,
    label_key,
    printed_number,
    rank,
    search_patterns,
    sounds_key,
    token_key,
)
from roamdesk.partners.models import Partner
from roamdesk.partners.numbers import NumberRefused, phone_number
from roamdesk.partners.selectors import partner_running

MOST_CANDIDATES = 500
WHOLE_ID = 10  # characters without stars, like DENDLE0471
RECENT = timedelta(hours=24)
SHORTEST_OPERATOR = 3
ISO_STEM = 14  # characters of an ISO contract id without its check character


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
    exact = list(_evses(desk).filter(Evse.named(key))[:MOST_CANDIDATES])
    # A whole id is mistaken for its like by sound only; anything shorter may be part of many.
    wide = _sounds_like(heard) if exact and len(key) >= WHOLE_ID else _fits(patterns)
    with by_index() if has_index(patterns) else nullcontext():
        fitting = list(_evses(desk).filter(wide)[: MOST_CANDIDATES + 1])  # in no order: to sort is to read all that fit
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
    partner = partner_running(desk, heard)
    return OperatorHint(operator.as_given, partner is None and operator in _operators(desk.operator_ids), partner)


def sessions_for(desk: Desk, *, evse: Evse | None = None, token: str = "", now: datetime) -> list[SessionRecord]:
    """The sessions at the EVSE or with the token, open or ended within 24 h, newest first (S9, S26)."""
    keys, contract, printed = _names_of_token(token)
    return newest_sessions(
        desk.pk, evse_id=evse.pk if evse else None, keys=keys, contract=contract, printed=printed, since=now - RECENT
    )


def contracts_of(desk: Desk, token: str) -> frozenset[str]:
    """The contracts of a token that is known here, without check character."""
    keys, _, _ = _names_of_token(token)
    found = Token.objects.filter(desk=desk, key__in=keys).exclude(contract_key="")
    return frozenset(found.values_list("contract_key", flat=True)) if keys else frozenset()


def cdrs_of(sessions: Sequence[int]) -> list[tuple[int, str, Decimal | None]]:
    """Row id, CDR id (empty before there is one) and energy (kWh) of these sessions."""
    return list(Session.objects.filter(pk__in=sessions).values_list("pk", "cdr_id", "energy_kwh"))


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


def _sounds_like(heard: str) -> Q:
    sound = sounds_key(heard)
    return Q(sounds_key=sound) | Q(id_sounds_key=sound)


def _fits(patterns: SearchPatterns) -> Q:
    which = Q(pk__in=[])
    if patterns.sounds_parts:
        which |= in_label(patterns)
    if patterns.words:
        which |= at_address(patterns.words)
    return which


def _labels(pk: str, evse: Evse) -> Iterable[Label]:
    place = f"{evse.address} {evse.also_known}"
    yield Label(evse.label_key, evse.label, place, pk)
    if evse.evse_id and evse.id_key != evse.label_key:
        yield Label(evse.id_key, evse.evse_id, place, pk)
    if evse.station_label:
        yield Label(label_key(evse.station_label), evse.station_label, place, pk)


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


def _names_of_token(said: str) -> tuple[list[str], str, str]:
    """Keys that a session may carry, the contract, and the printed number that a token may be known by."""
    try:
        key = token_key(said) if said else ""
    except IdentifierError:
        return [], "", ""
    contract = contract_stem(said)
    checked = contract + iso_check_character(contract) if len(contract) == ISO_STEM else ""
    keys = dict.fromkeys([*_both_ways(key), contract, checked])
    return [one for one in keys if one], contract, "" if contract else key


def _both_ways(key: str) -> list[str]:
    try:
        return list(dict.fromkeys([key, RfidUid.parse(key).reversed().key]))
    except IdentifierError:
        return [key]


def _ends_with(end: str) -> Q:
    if len(end) < SHORTEST_PART:
        return Q(pk__in=[])
    return Q(key__endswith=end) | Q(contract_key__endswith=end) | Q(printed_key__endswith=end)
