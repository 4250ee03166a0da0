import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.identifiers import (
    CheckDigit,
    ContractId,
    EvseId,
    IdentifierError,
    OperatorId,
    ProviderId,
    RfidUid,
    SameCard,
    SessionId,
    Standard,
    iso_check_character,
    label_key,
    printed_number,
    sounds_key,
    token_key,
)

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHANUMERIC = UPPER + "0123456789"
letters = st.text(UPPER, min_size=2, max_size=2)
company = st.text(ALPHANUMERIC, min_size=3, max_size=3)
outlets = st.lists(st.text(ALPHANUMERIC, min_size=1, max_size=6), min_size=1, max_size=4)
iso_groups = st.tuples(letters, company, outlets).map(lambda g: [g[0], g[1], "E" + g[2][0], *g[2][1:]])
uids = st.sampled_from([4, 7, 10]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
PARSERS = [EvseId.parse, OperatorId.parse, ProviderId.parse, ContractId.parse, RfidUid.parse, SessionId.parse]
PARSERS += [printed_number, token_key, label_key, sounds_key]


@given(iso_groups)
def test_separators_and_case_do_not_change_an_evse(groups: list[str]) -> None:
    printed = EvseId.parse("*".join(groups))
    assert printed == EvseId.parse("".join(groups)) == EvseId.parse("*".join(groups).lower())
    assert printed.key == "".join(groups) == label_key(" - ".join(groups))
    assert printed.operator_key == printed.operator_id.key == groups[0] + groups[1]


@given(iso_groups)
def test_an_evse_id_is_read_again_as_itself(groups: list[str]) -> None:
    printed = EvseId.parse("*".join(groups))
    assert EvseId.parse(str(printed)) == printed
    assert EvseId.parse(str(printed)).as_given == "*".join(groups)


@given(st.from_regex(r"[0-9]{1,3}\*[0-9]{3}\*[0-9]{1,10}", fullmatch=True))
def test_a_din_evse_keeps_its_stars_and_may_lose_its_plus(text: str) -> None:
    evse = EvseId.parse("+" + text)
    assert evse == EvseId.parse(text)
    assert evse.key == text
    assert evse.standard is Standard.DIN
    assert evse.operator_id.key == evse.operator_key


@given(uids)
def test_a_uid_reversed_twice_is_itself(octets: bytes) -> None:
    uid = RfidUid.parse(octets.hex())
    assert uid.octets == octets
    assert uid.reversed().reversed() == uid
    assert uid.reversed().octets == octets[::-1]


@given(uids)
def test_a_uid_reads_alike_with_colons_blanks_and_capitals(octets: bytes) -> None:
    plain = RfidUid.parse(octets.hex())
    assert plain == RfidUid.parse(octets.hex(":")) == RfidUid.parse(octets.hex(" ").upper())
    assert plain.same_card(RfidUid.parse(octets.hex("-"))) is SameCard.SAME


def test_a_card_read_backwards_is_recognised_as_reversed() -> None:
    uid = RfidUid.parse("04A25B1C9D4F80")
    assert uid.same_card(RfidUid.parse("80:4f:9d:1c:5b:a2:04")) is SameCard.REVERSED
    assert uid.same_card(RfidUid.parse("80:4f:9d:1c:5b:a2:05")) is SameCard.DIFFERENT


@given(letters, company, st.text(ALPHANUMERIC, min_size=8, max_size=8))
def test_a_contract_is_the_same_with_and_without_its_check_character(
    country: str, provider: str, instance: str
) -> None:
    stem = f"{country}{provider}C{instance}"
    check = iso_check_character(stem)
    whole = ContractId.parse(f"{country}-{provider}-C{instance}-{check}".lower())
    bare = ContractId.parse(stem)
    assert (whole.key, whole.check_digit) == (stem + check, CheckDigit.CORRECT)
    assert (bare.key, bare.check_digit) == (stem, CheckDigit.ABSENT)
    assert whole.same_contract(bare)
    assert whole.provider_key == ProviderId.parse(f"{country}*{provider}").key


@given(st.text(ALPHANUMERIC, min_size=8, max_size=8), st.integers(0, 7), st.sampled_from(ALPHANUMERIC))
def test_one_misheard_letter_makes_the_check_digit_wrong(instance: str, place: int, other: str) -> None:
    check = iso_check_character("DEVPSC" + instance)
    misheard = instance[:place] + other + instance[place + 1 :]
    verdict = ContractId.parse(f"DE-VPS-C{misheard}-{check}").check_digit
    assert (verdict is CheckDigit.CORRECT) == (misheard == instance)


def test_the_check_character_agrees_with_the_published_calculation() -> None:
    assert iso_check_character("DEVPSC00012345") == "U"


def test_a_din_contract_is_read_and_its_check_digit_left_alone() -> None:
    contract = ContractId.parse("de*vps*012345*x")
    assert (contract.standard, contract.key) == (Standard.DIN, "DEVPS012345X")
    assert contract.check_digit is CheckDigit.NOT_VERIFIED


@pytest.mark.parametrize(
    ("parse", "text", "mend"),
    [
        (EvseId.parse, "DЕ*TSC*E1", "Cyrillic letter 'Е' at position 2: type the Latin letter E"),
        (EvseId.parse, "DE*ΤSC*E1", "Greek letter 'Τ' at position 4: type the Latin letter T"),
        (RfidUid.parse, "04а25B1C", "Cyrillic letter 'а' at position 3: type the Latin letter A"),
        (EvseId.parse, "DE–TSC", "type the plain -"),
        (EvseId.parse, "ＤE*TSC*E1", "type the plain D"),
        (RfidUid.parse, "٤4A25B1C", "type the plain 4"),
        (EvseId.parse, "DE*TSC*E1\0", "Control character U+0000 at position 10: take it away"),
        (EvseId.parse, "DE*TSC*E1\n", "Control character U+000A at position 10: take it away"),
        (EvseId.parse, " DE*TSC*E1", "Blank at position 1: take it away"),
        (EvseId.parse, "", "Nothing was typed: type an EVSE id"),
        (EvseId.parse, "DE*TSC*0417", "After DE*TSC comes the letter E"),
        (EvseId.parse, "DE*TSC*E", "number after DE*TSC*E is missing"),
        (EvseId.parse, "DE*TSC*E" + "1" * 31, "at most 30 characters, here are 31"),
        (EvseId.parse, "DE*TSC*P12", "names a charging pool: type the EVSE id"),
        (EvseId.parse, "49*99", "country prefix, operator and number with stars"),
        (EvseId.parse, "D1*TSC*E1", "begin with two letters for the country"),
        (EvseId.parse, "<b>DE*TSC</b>", "'<' at position 1 cannot stand in an EVSE id"),
        (OperatorId.parse, "DE-TSC", "'-' at position 3 cannot stand in an operator id"),
        (OperatorId.parse, "+49999", "like DE*TSC"),
        (ProviderId.parse, "DE|VPS", "cannot stand in a provider id"),
        (ProviderId.parse, "49VPS", "like DE-VPS"),
        (ContractId.parse, "DE-VPS-C1234", "C and eight letters or digits"),
        (RfidUid.parse, "O4A25B1C", "'O' at position 1 is no part of an RFID UID: type the digit 0"),
        (RfidUid.parse, "04A25B1", "8, 14 or 20 digits 0-9 and A-F, here are 7"),
        (RfidUid.parse, "04::A25B1C", "separator too many"),
        (SessionId.parse, " abc", "Blank before or after the session id"),
        (printed_number, "---", "type it as printed on the card"),
    ],
)
def test_a_refusal_names_the_mend(parse: object, text: str, mend: str) -> None:
    assert callable(parse)
    with pytest.raises(IdentifierError) as refusal:
        parse(text)
    assert mend in str(refusal.value)


@pytest.mark.parametrize("parse", PARSERS)
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_with_the_one_error(parse: object, text: str) -> None:
    assert callable(parse)
    with suppress(IdentifierError):
        parse(text)


@pytest.mark.parametrize("parse", PARSERS)
def test_ten_megabytes_are_refused_at_once_in_a_short_message(parse: object) -> None:
    assert callable(parse)
    flood = "é" * 10_000_000
    begun = time.perf_counter()
    with pytest.raises(IdentifierError) as refusal:
        parse(flood)
    assert time.perf_counter() - begun < 1
    assert len(str(refusal.value)) < 200


@given(st.text(max_size=80))
def test_a_label_key_is_stable_and_holds_only_letters_and_digits(text: str) -> None:
    key = label_key(text)
    assert label_key(key) == key
    assert key == "" or key.isalnum()
    assert sounds_key(sounds_key(text)) == sounds_key(text)


def test_labels_are_compared_without_separators_case_and_width() -> None:
    assert label_key("DEMO-0417-A") == label_key("demo 0417_a") == label_key("ＤＥＭＯ0417Ａ") == "DEMO0417A"
    assert sounds_key("DE*TSC*EO4I7") == sounds_key("de tsc e0417")


@pytest.mark.parametrize(
    ("text", "key"),
    [("04:a2:5b:1c", "04A25B1C"), ("de-vps-c00012345-u", "DEVPSC00012345U"), ("Card 12 34", "CARD1234")],
)
def test_any_token_has_a_key(text: str, key: str) -> None:
    assert token_key(text) == key


def test_session_ids_compare_without_case_and_need_not_be_hexadecimal() -> None:
    hub = SessionId.parse("b26888zz-7f00-0002-6d8e-48d883f6abb6")
    assert hub == SessionId.parse("B26888ZZ-7F00-0002-6D8E-48D883F6ABB6")
    assert hub.from_hub
    assert not SessionId.parse("tx-4711/2").from_hub
