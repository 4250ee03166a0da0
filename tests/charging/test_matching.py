from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roamdesk.charging.matching import (
    Agreement,
    Asked,
    Match,
    Said,
    SessionRecord,
    Tolerances,
    Verdict,
    match_identity,
)

NOW = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
LABEL, OTHER = "DE*NDL*E4421*1", "DE*NDL*E4421*2"
CARD, CONTRACT = "04A3B2C1D04F80", "DE-VPS-C00012345-2"
SESSION = SessionRecord(
    pk=1,
    started_at=NOW - timedelta(minutes=40),
    observed_at=NOW - timedelta(seconds=8),
    evse_label=LABEL,
    evse_id=LABEL,
    token_key=CARD,
    contract_id=CONTRACT,
    address="Ladestraße 14, 10115 Berlin",
)


def match(said: Said, *sessions: SessionRecord) -> Match:
    return match_identity(said, sessions, Tolerances(), NOW)


def note(found: Match, asked: Asked) -> str:
    return next(row.note for row in found.rows if row.asked is asked)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (CARD, "same, all 7 bytes"),
        ("04:a3:b2:c1:d0:4f:80", "same, all 7 bytes"),
        ("80:4F:D0:C1:B2:A3:04", "same bytes in the other order, as some readers say them"),
        (CONTRACT, "same contract"),
        ("DEVPSC00012345", "same contract"),
        ("4F80", "last 4 the same"),
        ("D04F80", "last 6 the same"),
        ("3452", "last 4 the same"),
    ],
)
def test_token_and_evse_prove_the_user_however_the_token_is_said(token: str, words: str) -> None:
    found = match(Said(token=token, evse_label=LABEL), SESSION)
    assert found.verdict is Verdict.MATCH
    assert found.session == SESSION
    assert note(found, Asked.TOKEN) == words
    assert found.data_at == SESSION.observed_at


def test_start_time_and_evse_prove_the_user_and_the_row_says_how_far_apart() -> None:
    found = match(Said(evse_label=LABEL, started_at=SESSION.started_at + timedelta(minutes=3)), SESSION)
    assert found.verdict is Verdict.MATCH
    assert note(found, Asked.STARTED_AT) == "3 min apart, 15 allowed"
    assert note(found, Asked.TOKEN) == "not compared"


@pytest.mark.parametrize(
    ("off", "verdict"),
    [
        (timedelta(minutes=15), Verdict.MATCH),
        (timedelta(minutes=-15), Verdict.MATCH),
        (timedelta(minutes=15, seconds=1), Verdict.MISMATCH),
    ],
)
def test_the_start_time_may_be_fifteen_minutes_off_and_not_a_second_more(off: timedelta, verdict: Verdict) -> None:
    assert match(Said(evse_label=LABEL, started_at=SESSION.started_at + off), SESSION).verdict is verdict


def test_a_minute_too_far_never_reads_as_allowed() -> None:
    said = Said(evse_label=LABEL, started_at=SESSION.started_at + timedelta(minutes=15, seconds=1))
    assert note(match(said, SESSION), Asked.STARTED_AT) == "16 min apart, 15 allowed"


def test_no_session_at_all_is_no_data_and_not_a_mismatch() -> None:
    found = match(Said(token=CARD, evse_label=LABEL))
    assert (found.verdict, found.session, found.data_at) == (Verdict.NO_DATA, None, None)
    assert found.reasons == ("No session is known here, open or ended within 24 h.",)
    assert {row.note for row in found.rows} == {"not compared"}


def test_a_session_that_ended_more_than_a_day_ago_is_no_data() -> None:
    ended = replace(SESSION, ended_at=NOW - timedelta(hours=24, seconds=1))
    assert match(Said(token=CARD, evse_label=LABEL), ended).verdict is Verdict.NO_DATA


def test_a_session_that_ended_within_a_day_still_proves_the_user() -> None:
    ended = replace(SESSION, ended_at=NOW - timedelta(hours=23))
    assert match(Said(token=CARD, evse_label=LABEL), ended).verdict is Verdict.MATCH


def test_the_only_session_at_another_evse_is_a_mismatch() -> None:
    found = match(Said(token=CARD, evse_label=OTHER), SESSION)
    assert found.verdict is Verdict.MISMATCH
    assert note(found, Asked.EVSE) == "another EVSE"
    assert "EVSE: another EVSE" in found.reasons


def test_another_token_is_a_mismatch_even_if_the_time_fits() -> None:
    said = Said(token="04FFFFFFFFFF80", evse_label=LABEL, started_at=SESSION.started_at)
    assert match(said, SESSION).verdict is Verdict.MISMATCH


@pytest.mark.parametrize("token", ["04А3В2С1D04F80", "F80", ""])
def test_a_token_that_cannot_be_one_proves_nothing(token: str) -> None:
    assert match(Said(token=token, evse_label=LABEL), SESSION).verdict is not Verdict.MATCH


def test_an_address_that_does_not_agree_makes_a_mismatch() -> None:
    said = Said(evse_label=LABEL, started_at=SESSION.started_at, address="Ladestr. 15")
    found = match(said, SESSION)
    assert found.verdict is Verdict.MISMATCH
    assert note(found, Asked.ADDRESS) == "not in the address: 15"


def test_an_address_said_in_part_and_spelt_otherwise_agrees() -> None:
    said = Said(evse_label=LABEL, started_at=SESSION.started_at, address="ladestr. 14 berlin")
    assert match(said, SESSION).verdict is Verdict.MATCH


def test_two_users_who_fit_are_ambiguous_and_nobody_is_chosen() -> None:
    other = replace(SESSION, pk=2, token_key="04BBBBBBBBBB80", started_at=SESSION.started_at + timedelta(minutes=9))
    found = match(Said(evse_label=LABEL, started_at=SESSION.started_at), SESSION, other)
    assert (found.verdict, found.session) == (Verdict.AMBIGUOUS, None)
    assert {session.pk for session in found.sessions} == {1, 2}
    assert found.reasons == ("2 sessions fit. Ask for the token, or for a closer start time.",)


def test_two_sessions_of_one_token_are_one_user_and_the_open_one_is_meant() -> None:
    earlier = replace(SESSION, pk=2, started_at=NOW - timedelta(hours=3), ended_at=NOW - timedelta(hours=2))
    found = match(Said(token=CARD, evse_label=LABEL), earlier, SESSION)
    assert found.verdict is Verdict.MATCH
    assert found.session == SESSION


def test_the_evse_alone_proves_nobody_and_says_what_to_ask() -> None:
    found = match(Said(evse_label=LABEL), SESSION)
    assert found.verdict is Verdict.AMBIGUOUS
    assert found.reasons[0] == "Only the EVSE agrees. Ask for the token or the start time."


def test_the_token_alone_proves_nobody_and_says_what_to_ask() -> None:
    found = match(Said(token=CARD), SESSION)
    assert found.verdict is Verdict.AMBIGUOUS
    assert found.reasons[0] == "The EVSE was not compared. Ask for the EVSE label."


def test_a_start_time_in_the_future_is_not_compared_and_asked_again() -> None:
    found = match(Said(evse_label=LABEL, started_at=NOW + timedelta(hours=1)), SESSION)
    assert found.verdict is Verdict.AMBIGUOUS
    assert note(found, Asked.STARTED_AT) == "in the future: ask again"


def test_a_backend_that_knows_no_token_leaves_it_not_compared() -> None:
    bare = replace(SESSION, token_key="", contract_id="")
    found = match(Said(token=CARD, evse_label=LABEL), bare)
    assert found.verdict is Verdict.AMBIGUOUS
    assert note(found, Asked.TOKEN) == "not compared"


@pytest.mark.parametrize("label", ["dendle44211", "DE NDL E442I 1", "44211"])
def test_a_label_typed_loosely_agrees_and_says_how(label: str) -> None:
    found = match(Said(token=CARD, evse_label=label), SESSION)
    assert found.verdict is Verdict.MATCH


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        match(Said(evse_label=LABEL, started_at=datetime(2026, 3, 10)), SESSION)  # noqa: DTZ001


labels = st.sampled_from([LABEL, OTHER, "", "4421", "x"])
tokens = st.sampled_from([CARD, CONTRACT, "4F80", "", "04BBBBBBBBBB80", "ы"])
minutes = st.integers(-2000, 2000).map(lambda count: NOW + timedelta(minutes=count))
saids = st.builds(
    Said, token=tokens, evse_label=labels, started_at=st.none() | minutes, address=st.sampled_from(["", "Berlin"])
)
records = st.builds(
    SessionRecord,
    pk=st.integers(1, 99),
    started_at=minutes,
    observed_at=minutes,
    ended_at=st.none() | minutes,
    evse_label=st.sampled_from([LABEL, OTHER, ""]),
    token_key=st.sampled_from([CARD, "04BBBBBBBBBB80", ""]),
    address=st.sampled_from(["", "Ladestraße 14, Berlin"]),
)


@settings(deadline=None)
@given(saids, st.lists(records, max_size=5))
def test_whatever_is_said_a_match_has_the_evse_one_proof_more_and_nothing_against_it(
    said: Said, sessions: list[SessionRecord]
) -> None:
    found = match(said, *sessions)
    agreeing = {row.asked for row in found.rows if row.verdict is Agreement.AGREES}
    differing = [row for row in found.rows if row.verdict is Agreement.DIFFERS]
    proven = Asked.EVSE in agreeing and bool(agreeing & {Asked.TOKEN, Asked.STARTED_AT}) and not differing
    assert (found.verdict is Verdict.MATCH) <= proven
    assert (found.verdict is Verdict.MATCH) == (found.session is not None)


@settings(deadline=None)
@given(saids, st.lists(records, max_size=5, unique_by=lambda record: record.pk))
def test_the_order_in_which_sessions_come_does_not_change_the_verdict(
    said: Said, sessions: list[SessionRecord]
) -> None:
    assert match(said, *sessions).verdict is match(said, *reversed(sessions)).verdict
