"""Personal values in somebody's words are masked however they are written, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.cases.veiling import veiled

TOKEN, PHONE = "04A2B3C4D5E680", "+4915155501234"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Token: 04A2B3C4D5E680.", "Token: …E680."),
        ("04a2b3c4d5e680", "…e680"),
        ("04:A2:B3:C4:D5:E6:80", "…6:80"),
        ("Call +49 151 5550 1234 please", "Call +491515550•••• please"),
        ("Call: 0151 / 555 012-34", "Call: +491515550••••"),
        ("0049 (0) 151 55501234", "+491515550••••"),
        ("<b>04A2B3C4D5E680</b>", "<b>…E680</b>"),
    ],
)
def test_however_it_is_written_it_is_masked(text: str, shown: str) -> None:
    assert veiled(text, [TOKEN, PHONE]) == shown


@pytest.mark.parametrize("text", ["04A2B3C4D5E6801", "x04A2B3C4D5E680", "+49 30 5550 9999", "DE*NDL*E4421*1", ""])
def test_other_words_stay(text: str) -> None:
    assert veiled(text, [TOKEN, PHONE, "", "x"]) == text


@given(st.text(), st.text(), st.lists(st.text(min_size=4), max_size=3))
def test_no_bracket_or_quote_of_html_is_ever_added_or_taken(before: str, after: str, values: list[str]) -> None:
    html = f'<p title="{before}">{after}</p>'
    shown = veiled(html, [*values, before, after])
    assert [shown.count(each) for each in '<>"&'] == [html.count(each) for each in '<>"&']


def test_a_long_run_of_digits_takes_no_time() -> None:
    assert veiled("1 " * 30_000, [TOKEN, PHONE]) == "1 " * 30_000
