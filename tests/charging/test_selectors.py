from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django_scopes import scope, scopes_disabled

from builders import build_evse
from roamdesk.charging import selectors, services
from roamdesk.charging.matching import Said, Tolerances, Verdict, match_identity
from roamdesk.charging.models import Evse, RoamingUser, Session, Station, Token
from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, iso_check_character, search_patterns
from roamdesk.partners.models import Partner

CARD, CONTRACT = "04A3B2C1D04F80", "DE-VPS-C00012345-2"


def begin(station: Station, at: datetime, **changes: object) -> Session:
    values: dict[str, object] = {
        "evse_number": 1, "connector_number": 1, "token": CARD, "transaction_id": "tx-1", "started_at": at, "at": at,
    }  # fmt: skip
    return services.store_session_started(station, **values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "heard", ["DE*NDL*E4421*1", "de ndl e 4421 1", "dendle44211", "E4421*1", "44211", "DE NDL 4421 1", "E442I1"]
)
def test_an_evse_is_found_however_its_label_is_said(evse: Evse, other_evse: Evse, heard: str) -> None:
    found = selectors.find_evse(evse.desk, heard)
    assert found.hits[0].evse == evse
    assert found.chosen == evse


@pytest.mark.parametrize("heard", ["4421", "ladestraße 14", "ndl"])
def test_two_evses_that_fit_equally_are_both_shown_and_none_is_taken(evse: Evse, other_evse: Evse, heard: str) -> None:
    found = selectors.find_evse(evse.desk, heard)
    assert {hit.evse for hit in found.hits} == {evse, other_evse}
    assert found.chosen is None


def test_labels_that_sound_the_same_are_never_taken_for_each_other(station: Station) -> None:
    zero = build_evse(station, "DE*NDL*E10", connector_number=3)
    letter = build_evse(station, "DE*NDL*EIO", connector_number=4)
    found = selectors.find_evse(station.desk, "10")
    assert {hit.evse for hit in found.hits} == {zero, letter}
    assert found.chosen is None


def test_an_evse_is_found_by_its_id_where_the_label_is_another(station: Station) -> None:
    evse = build_evse(station, "Hof 3 links", evse_id="DE*NDL*E777*1", connector_number=5)
    by_id, by_label = selectors.find_evse(station.desk, "E7771"), selectors.find_evse(station.desk, "hof 3")
    assert (by_id.chosen, by_id.hits[0].text) == (evse, "DE*NDL*E777*1")
    assert (by_label.chosen, by_label.hits[0].text) == (evse, "Hof 3 links")


def test_too_many_that_fit_choose_nothing_and_say_so(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "MOST_CANDIDATES", 2)
    for number in range(4):
        build_evse(station, f"DE*NDL*E90{number}", connector_number=number + 1)
    found = selectors.find_evse(station.desk, "e90")
    assert not found.complete
    assert found.chosen is None
    assert selectors.find_evse(station.desk, "DE*NDL*E903").chosen is not None


@pytest.mark.parametrize(
    "heard",
    [
        "lindens",
        "lindenst",
        "lindenstr",
        "Lindenstraße 5",
        "lemmerich linden",
        "schöne lemm lindenst 5",
        "lemmerich schöne auss lindens",
        "LEMM",
        "schone aussicht",
    ],
)
def test_an_evse_is_found_by_its_address_as_far_as_it_is_typed(station: Station, heard: str) -> None:
    evse = build_evse(station, "X77", connector_number=7)
    evse.address, evse.also_known = "Lindenstraße 5a, Lemmerich", "Schöne Aussicht"
    evse.save()
    assert [hit.evse for hit in selectors.find_evse(station.desk, heard).hits] == [evse]


def test_an_address_is_found_by_beginnings_of_words_only(station: Station) -> None:
    evse = build_evse(station, "X77", connector_number=7)
    evse.address = "Lindenstraße 5, Lemmerich"
    evse.save()
    for heard in ("emmerich", "linden lemmerichs", "indenstr"):
        assert selectors.find_evse(station.desk, heard).hits == ()


def test_a_key_of_an_address_that_was_cut_at_a_blank_is_searched_all_the_same(station: Station) -> None:
    evse = build_evse(station, "X77", connector_number=7)
    evse.address, evse.also_known = "Am Kai " * 28, "ab " * 100
    evse.save()
    assert evse.address_key.endswith(" ")
    assert [hit.evse for hit in selectors.find_evse(station.desk, "am kai").hits] == [evse]


def test_an_evse_is_found_by_the_name_of_its_station_from_its_beginning(station: Station) -> None:
    evse = build_evse(station, "DE*NDL*E777*1", evse_id="DE*NDL*E777*1", connector_number=7)
    evse.station_label = "ST-0077123"
    evse.save()
    assert [hit.evse for hit in selectors.find_evse(station.desk, "st 0077").hits] == [evse]


@pytest.mark.django_db
@pytest.mark.parametrize("heard", ["E7771", "7771", "ndl 7771", "lindenst 5", "LEMM", "hof 3 links"])
def test_an_evse_can_be_found_without_reading_the_directory(heard: str) -> None:
    with connection.cursor() as cursor, scopes_disabled():
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Evse.objects.filter(selectors._fits(search_patterns(heard))).explain()
    assert "BitmapOr" in plan
    assert "evse_by_label" in plan


@pytest.mark.parametrize(
    "label", ["DE*NDL*E4", "DE*NDL*E12345*1", "DE*NDL*E123456*12", "X" + "1234567890" * 4 + "YZABCDE"]
)
def test_any_part_of_a_label_finds_it_through_the_index(station: Station, label: str) -> None:
    evse, key = build_evse(station, label, connector_number=7), label.replace("*", "")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for length in (4, 5, 7):
        for place in range(len(key) - length + 1):
            assert evse in [hit.evse for hit in selectors.find_evse(station.desk, key[place : place + length]).hits]


def test_keys_of_addresses_from_before_are_divided_into_words(evse: Evse) -> None:
    Evse.objects.update(address="Lindenstraße 5, Lemmerich", address_key="lindenstr5lemmerich")
    migration = import_module("roamdesk.charging.migrations.0016_evses_found_by_an_index")
    with connection.schema_editor() as editor:
        migration.divide_words(apps, editor)
    evse.refresh_from_db()
    assert evse.address_key == "linden str 5 lemmerich"


@pytest.mark.parametrize("heard", ["", "***", "   ", "%", "_"])
def test_nothing_said_finds_nothing(evse: Evse, heard: str) -> None:
    assert selectors.find_evse(evse.desk, heard).hits == ()


def test_a_very_long_text_is_refused_in_words(evse: Evse) -> None:
    with pytest.raises(IdentifierError, match="Too long"):
        selectors.find_evse(evse.desk, "x" * 10_000)


def test_an_evse_of_another_desk_is_not_found(evse: Evse, msp_desk: Desk) -> None:
    with scope(desk=msp_desk):
        assert selectors.find_evse(msp_desk, "DE*NDL*E4421*1").hits == ()


@pytest.mark.parametrize("heard", ["DE*NDL*E9999*9", "dendle99", "NDL 99", "DENDL"])
def test_an_evse_that_nobody_knows_still_names_the_partner_to_phone(msp_desk: Desk, heard: str) -> None:
    with scope(desk=msp_desk):
        found = selectors.find_evse(msp_desk, heard)
        assert found.operator is not None
        assert found.operator.partner == Partner.objects.get(desk=msp_desk, name="Nordlade")


def test_our_own_operator_id_is_said_to_be_ours(in_cpo_desk: Desk) -> None:
    hint = selectors.operator_named(in_cpo_desk, "DE*NDL*E1")
    assert hint is not None
    assert (hint.ours, hint.partner, hint.known) == (True, None, True)


def test_an_operator_that_nobody_knows_is_named_and_said_to_be_unknown(in_cpo_desk: Desk) -> None:
    hint = selectors.operator_named(in_cpo_desk, "FR*XYZ*E1")
    assert hint is not None
    assert (hint.operator, hint.known) == ("FR*XYZ", False)


def test_a_prefix_of_two_operators_names_neither(msp_desk: Desk) -> None:
    with scope(desk=msp_desk):
        Partner.objects.create(desk=msp_desk, name="Doppel", plays_cpo=True, operator_ids=["AT*NDL"])
        assert selectors.operator_named(msp_desk, "NDL 0472") is None


def test_sessions_are_those_open_or_ended_within_a_day_by_evse_or_token(
    station: Station, evse: Evse, other_evse: Evse, at: datetime
) -> None:
    begin(station, at - timedelta(days=3), transaction_id="old")
    services.store_session_ended(
        station, "old", ended_at=at - timedelta(days=2), stop_reason="", at=at - timedelta(days=2)
    )
    here = begin(station, at - timedelta(hours=1), transaction_id="here", token="DEADBEEF")
    elsewhere = begin(station, at - timedelta(hours=2), transaction_id="there", connector_number=2)
    found = selectors.sessions_for(evse.desk, evse=evse, token=CARD, now=at)
    assert [record.pk for record in found] == [here.pk, elsewhere.pk]
    assert [record.evse_label for record in found] == [evse.label, other_evse.label]


@pytest.mark.parametrize("said", ["80:4F:D0:C1:B2:A3:04", CONTRACT, "DEVPSC00012345", "VP 1234 5678"])
def test_sessions_are_found_by_other_names_of_the_token(station: Station, evse: Evse, at: datetime, said: str) -> None:
    Token.objects.create(desk=evse.desk, value=CARD, contract_id=CONTRACT, printed_number="VP-1234-5678")
    session = begin(station, at)
    assert [one.pk for one in selectors.sessions_for(evse.desk, token=said, now=at)] == [session.pk]


def test_a_contract_said_without_its_check_character_finds_a_session_that_has_it(
    station: Station, evse: Evse, at: datetime
) -> None:
    contract = f"DEVPSC00012345{iso_check_character('DEVPSC00012345')}"
    session = begin(station, at, token=contract)
    found = selectors.sessions_for(evse.desk, token="DE-VPS-C00012345", now=at)
    assert [one.pk for one in found] == [session.pk]


def test_a_desk_sees_no_session_of_another_even_for_the_same_token(
    station: Station, evse: Evse, msp_desk: Desk, at: datetime
) -> None:
    begin(station, at)
    with scope(desk=msp_desk):
        assert selectors.sessions_for(msp_desk, evse=evse, token=CARD, now=at) == []


def test_a_connected_station_makes_the_data_as_fresh_as_its_last_word(
    station: Station, evse: Evse, at: datetime
) -> None:
    begin(station, at - timedelta(hours=1))
    services.station_seen(station, at - timedelta(seconds=4))
    [record] = selectors.sessions_for(evse.desk, evse=evse, now=at)
    assert record.observed_at == at - timedelta(seconds=4)


def test_what_is_stored_and_what_is_said_meet_in_a_match(station: Station, evse: Evse, at: datetime) -> None:
    Token.objects.create(desk=evse.desk, value=CARD, contract_id=CONTRACT)
    begin(station, at - timedelta(minutes=40))
    sessions = selectors.sessions_for(evse.desk, evse=evse, token=CONTRACT, now=at)
    match = match_identity(Said(token=CONTRACT, evse_label="E44211"), sessions, Tolerances(), at)
    assert match.verdict is Verdict.MATCH
    kept = services.record_match(evse.desk, match, about="case:17", at=at)
    accepted = services.decide_match(kept, accepted=True, by="Nils")
    assert (accepted.verdict, accepted.accepted, accepted.accepted_by) == ("match", True, "Nils")
    assert accepted.sessions == [sessions[0].pk]


@pytest.mark.parametrize(
    ("said", "how", "whole"),
    [
        ("04 a3 b2 c1 d0 4f 80", "same", True),
        ("804FD0C1B2A304", "bytes in the other order", True),
        ("de-vps-c00012345", "by the contract id", True),
        ("VP 1234 5678", "by the number printed on the card", True),
        ("4f80", "last 4 the same", False),
        ("d04f80", "last 6 the same", False),
        ("5678", "last 4 the same", False),
    ],
)
def test_a_token_is_found_with_its_user_by_whatever_is_read_from_the_card(
    in_cpo_desk: Desk, said: str, how: str, whole: bool
) -> None:
    user = RoamingUser.objects.create(desk=in_cpo_desk, name="Mika Muster", phone="+493055503111")
    Token.objects.create(desk=in_cpo_desk, user=user, value=CARD, contract_id=CONTRACT, printed_number="VP-1234-5678")
    [hit] = selectors.find_tokens(in_cpo_desk, said)
    assert (hit.user, hit.how, hit.whole) == (user, how, whole)


def test_three_characters_are_too_few_to_find_a_token(in_cpo_desk: Desk) -> None:
    Token.objects.create(desk=in_cpo_desk, value=CARD)
    assert selectors.find_tokens(in_cpo_desk, "F80") == []


def test_two_tokens_with_the_same_end_are_both_shown(in_cpo_desk: Desk) -> None:
    for value in (CARD, "04FFFFFFFF4F80"):
        Token.objects.create(desk=in_cpo_desk, value=value)
    assert len(selectors.find_tokens(in_cpo_desk, "4F80")) == 2


def test_a_token_with_cyrillic_letters_is_refused_in_words(in_cpo_desk: Desk) -> None:
    with pytest.raises(IdentifierError):
        selectors.find_tokens(in_cpo_desk, "04А3В2С1")


def test_a_token_of_another_desk_is_not_found(in_cpo_desk: Desk, msp_desk: Desk) -> None:
    Token.objects.create(desk=in_cpo_desk, value=CARD)
    with scope(desk=msp_desk):
        assert selectors.find_tokens(msp_desk, CARD) == []


@pytest.mark.parametrize("said", ["+49 30 5550 3111", "030 55503111", "0049 30 55503111", "3111"])
def test_a_user_is_found_by_the_phone_number_however_it_is_written(in_cpo_desk: Desk, said: str) -> None:
    user = RoamingUser.objects.create(desk=in_cpo_desk, phone="+493055503111")
    assert selectors.users_by_phone(in_cpo_desk, said) == [user]


@pytest.mark.parametrize("said", ["", "111", "no number", "+49 30 5550 9999"])
def test_what_is_no_known_number_finds_no_user(in_cpo_desk: Desk, said: str) -> None:
    RoamingUser.objects.create(desk=in_cpo_desk, phone="+493055503111")
    assert selectors.users_by_phone(in_cpo_desk, said) == []
