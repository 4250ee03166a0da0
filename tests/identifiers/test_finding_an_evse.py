import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roamdesk.identifiers import (
    Grade,
    Hit,
    IdentifierError,
    Label,
    address_key,
    address_words,
    before_street,
    chosen,
    label_key,
    rank,
    search_patterns,
    sounds_key,
)


def label(text: str, address: str = "", of: str = "") -> Label:
    return Label(label_key(text), text, address, of)


LEFT = label("DE*NDL*E0472*1", "Warschauer Straße 58, Berlin")
RIGHT = label("DE*NDL*E0472*2", "Warschauer Straße 58, Berlin")
LETTER_O = label("DE*NDL*EO4727*1", "Alexanderufer 2, Berlin")
OTHER = label("NL*KWK*E77130*1", "Coolsingel 4, Rotterdam")
PLAIN = label("DEMO-0417-A", "Am Kai 1, Rostock")
ALL = [PLAIN, OTHER, LETTER_O, RIGHT, LEFT]


def underlined(hit: Hit) -> list[str]:
    return [hit.candidate.text[start:end] for start, end in hit.spans]


def taken(heard: str) -> Label | None:
    hit = chosen(rank(heard, ALL))
    return hit.candidate if hit else None


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("04721", LEFT),
        ("dendle04721", LEFT),
        ("DE*NDL*E0472*1", LEFT),
        ("de ndl e 0472 1", LEFT),
        ("dendl04722", RIGHT),
        ("ndl o472 2", RIGHT),
        ("0472i", LEFT),
        ("ndl 2 1", None),
        ("eo4727", LETTER_O),
        ("04727", LETTER_O),
        ("kwk 77", OTHER),
        ("demo0417", PLAIN),
        ("demo o4i7 a", PLAIN),
        ("am kai", PLAIN),
        ("alexanderufer 2", LETTER_O),
        ("ndl 0472", None),
        ("warschauer str 58", None),
        ("warschauerstr. 58", None),
        ("99999", None),
        ("***", None),
        ("", None),
    ],
)
def test_the_label_that_was_meant_is_taken_only_when_it_is_the_only_one(heard: str, meant: Label | None) -> None:
    assert taken(heard) == meant


def test_two_sockets_tie_and_the_letter_o_comes_last() -> None:
    hits = rank("ndl o472", ALL)
    assert [hit.candidate for hit in hits] == [LEFT, RIGHT, LETTER_O]
    assert [hit.grade for hit in hits] == [Grade.MATCH, Grade.MATCH, Grade.SOUNDS_ALIKE]
    assert hits[0].note == 'Heard "o", read as zero'
    assert hits[2].note == "Only if they insist on the letter O"
    assert chosen(hits) is None


def test_the_heard_parts_are_underlined_in_the_printed_text() -> None:
    assert underlined(rank("ndl 0472", [LEFT])[0]) == ["NDL", "0472"]
    assert underlined(rank("04721", [LEFT])[0]) == ["0472*1"]
    assert underlined(rank("dendle04721", [LEFT])[0]) == ["DE*NDL*E0472*1"]
    assert underlined(rank("säule 4", [label("Hof, Säule 4b")])[0]) == ["Säule", "4"]


def test_an_address_finds_both_sockets_of_a_post() -> None:
    hits = rank("berlin Warschauerstrasse", ALL)
    assert [(hit.candidate, hit.grade) for hit in hits] == [(LEFT, Grade.ADDRESS), (RIGHT, Grade.ADDRESS)]


def test_two_evses_with_one_label_are_never_told_apart_silently() -> None:
    assert chosen(rank("DEMO-0417-A", [PLAIN, label("DEMO 0417 A", "Am Kai 2, Rostock")])) is None


def test_labels_that_sound_the_same_in_full_are_never_told_apart_silently() -> None:
    hits = rank("DE*NDL*E0472*1", [LEFT, label("DE*NDL*EO472*1")])
    assert [hit.grade for hit in hits] == [Grade.EXACT, Grade.SOUNDS_ALIKE]
    assert chosen(hits) is None


def test_a_letter_typed_as_such_is_not_overruled_silently() -> None:
    assert chosen(rank("o472", [LEFT, LETTER_O])) is None


def test_label_and_evse_id_of_one_evse_are_one_hit() -> None:
    hits = rank("0417", [label("DEMO-0417-A", of="7"), label("XX*CPO*E0417*A", of="7")])
    assert [hit.candidate.of for hit in hits] == ["7"]
    assert chosen(hits) is not None


def test_a_flood_is_refused_at_once() -> None:
    begun = time.perf_counter()
    with pytest.raises(IdentifierError, match="Too long"):
        rank("1" * 10_000_000, ALL)
    assert time.perf_counter() - begun < 1


def test_one_row_that_is_too_long_does_not_stop_the_search() -> None:
    flood = Label("1" * 5000, "1" * 5000, "Kai " * 5000)
    assert [hit.candidate for hit in rank("04721", [flood, LEFT])] == [LEFT]
    assert PLAIN in [hit.candidate for hit in rank("am kai", [flood, PLAIN])]


def test_repetitive_text_does_not_slow_the_search() -> None:
    begun = time.perf_counter()
    rank("a " * 120, [label("A" * 250 + "B")] * 50)
    assert time.perf_counter() - begun < 2


confusable = st.text("OI01E4 *-N", max_size=10)


@given(confusable, st.lists(confusable, max_size=6))
def test_nothing_is_chosen_when_the_two_best_tie(heard: str, texts: list[str]) -> None:
    hits = rank(heard, [label(text) for text in texts])
    grades = [hit.grade for hit in hits]
    best = chosen(hits)
    assert grades == sorted(grades)
    assert best is None or (best is hits[0] and grades.count(best.grade) == 1)


@given(confusable, st.lists(confusable, max_size=6))
def test_every_hit_contains_what_was_heard_by_sound(heard: str, texts: list[str]) -> None:
    for hit in rank(heard, [label(text) for text in texts]):
        rest = sounds_key(hit.candidate.text)
        for part in search_patterns(heard).sounds_parts:
            assert part in rest
            rest = rest.split(part, 1)[1]
        for runs in search_patterns(heard).sounds_runs:
            assert any(run in sounds_key(hit.candidate.text) for run in runs)


@given(st.text("abstr. 58ß", max_size=14), st.text("abstr. 58ß", max_size=14))
def test_every_address_hit_passes_the_database_filter(heard: str, address: str) -> None:
    for hit in rank(heard, [Label("", "", address)]):
        words = search_patterns(heard).words
        assert words
        stored = address_key(hit.candidate.address).split()
        assert all(any(one.startswith(word) for one in stored) or before_street(word) in stored for word in words)


@pytest.mark.parametrize("heard", ["warsch", "warschauers", "warschauerst", "Warschauer St", "warschauerstraße 5"])
def test_a_street_is_found_however_far_it_is_typed(heard: str) -> None:
    assert [hit.candidate for hit in rank(heard, ALL)] == [LEFT, RIGHT]


@given(iso=st.from_regex(r"[A-Z]{2}\*[A-Z0-9]{3}\*E[A-Z0-9]{2,6}\*[0-9]", fullmatch=True), cut=st.integers(0, 12))
def test_the_end_of_a_label_always_finds_it(iso: str, cut: int) -> None:
    heard = label_key(iso)[cut:]
    hits = rank(heard.lower(), [label(iso)])
    assert [hit.candidate.text for hit in hits] == [iso] * bool(heard)


@settings(max_examples=200)
@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_can_be_searched_for_in_any_labels(heard: str, texts: list[str]) -> None:
    for hit in rank(heard, [label(text, text) for text in texts]):
        assert all(0 <= start < end <= len(hit.candidate.text) for start, end in hit.spans)


PIECES = ["Straße", "STRASSE", "strassen", "Str.", "weg", "é", "·", "_", " ", "7"]


@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(max_size=20))
@example("Warschauer Straße 58, Berlin · Ostkreuz")
def test_the_key_of_an_address_is_its_words_divided_by_blanks(text: str) -> None:
    assert address_key(text).split() == list(address_words(text))


def test_patterns_are_the_parts_by_sound_and_the_words_of_an_address() -> None:
    patterns = search_patterns("ndl eo472")
    assert patterns.sounds_parts == ("NDL", "E", "0472")
    assert patterns.sounds_runs == (("NDL",), ("E0472", "EE0472"))
    assert search_patterns("Warschauer Straße 58").words == ("warschauer", "str", "58")
    assert search_patterns("04721").words == ()
