import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.identifiers import label_key, spell, spoken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("DE*NDL*E0472*1", "Delta Echo, November Delta Lima, Echo Zero Four Seven Two, One"),
        (
            "04:A2:5B:1C:9D:4F:80",
            "Zero Four Alfa Two, Five Bravo One Charlie, Niner Delta Four Foxtrot, Eight Zero",
        ),
        ("xj-3", "X-ray Juliett, Three"),
        ("", ""),
    ],
)
def test_a_text_is_said_in_groups_as_printed(text: str, words: str) -> None:
    assert spoken(text) == words


def test_digits_follow_the_language_and_letters_do_not() -> None:
    assert spoken("E04", "de-AT") == "Echo Null Vier"
    assert spoken("E04", "xx") == spoken("E04", "en")


@given(st.text(max_size=60))
def test_the_letters_said_join_back_to_the_label(text: str) -> None:
    assert "".join(said.char for group in spell(text) for said in group) == label_key(text)


@given(st.text(max_size=60))
def test_no_group_is_empty_and_every_letter_has_a_word(text: str) -> None:
    assert all(group and all(said.word for said in group) for group in spell(text))
