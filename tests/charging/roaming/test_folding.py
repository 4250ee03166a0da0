from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.charging.roaming.folding import Grade, Kind, Piece, fold
from roamdesk.charging.roaming.said import TimeSaid
from roaming_messages import START

TIMES = ["session_start", "session_end", "charging_start", "charging_end", "occurred"]
WRITTEN = st.sampled_from(
    ["2026-02-03T10:00:00+01:00", "2026-02-03T09:30:00Z", "2026-10-25T02:30:00+02:00", "2026-02-03T10:00:00", "soon"]
)
PIECES = st.builds(
    Piece,
    kind=st.sampled_from(Kind),
    digest=st.sampled_from("abcdefgh"),
    received_at=st.integers(0, 90).map(lambda count: START + timedelta(minutes=count)),
    times=st.dictionaries(st.sampled_from(TIMES), WRITTEN.map(TimeSaid.read)),
    evse_id=st.sampled_from(["", "DE*NDL*E1", "DENDLE1", "DE*NDL*E2"]),
    uid_key=st.sampled_from(["", "04A3B2C1"]),
    contract_key=st.sampled_from(["", "DEVPSC00012345"]),
    energy_kwh=st.none() | st.decimals(-1, 2000, places=3),
    meter_start_kwh=st.none() | st.just(Decimal(0)),
)
DISTINCT = st.lists(PIECES, min_size=1, max_size=8, unique_by=lambda piece: piece.digest)


@given(DISTINCT, st.data())
def test_any_permutation_and_repetition_gives_the_same_session(pieces: list[Piece], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(pieces))
    again = data.draw(st.lists(st.sampled_from(pieces), max_size=6))
    assert fold([*shuffled, *again]) == fold(pieces)


@given(DISTINCT)
def test_more_evidence_never_lowers_the_grade(pieces: list[Piece]) -> None:
    grades = [list(Grade).index(fold(pieces[:count]).grade) for count in range(1, len(pieces) + 1)]
    assert grades == sorted(grades)


@given(st.lists(PIECES, min_size=1, max_size=8))
def test_a_session_has_an_end_exactly_when_it_has_a_cdr(pieces: list[Piece]) -> None:
    state = fold(pieces)
    assert (state.ended_at is None) == (state.grade is not Grade.CDR)


def test_nothing_said_is_no_session() -> None:
    with pytest.raises(ValueError, match="one piece of evidence"):
        fold([])


def test_a_meter_at_zero_is_a_value() -> None:
    piece = Piece(Kind.CDR, "a", START, meter_start_kwh=Decimal(0), meter_end_kwh=Decimal(5), energy_kwh=Decimal(5))
    assert (fold([piece]).meter_start_kwh, fold([piece]).flags) == (Decimal(0), ())
