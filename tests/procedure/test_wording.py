"""Wordings are filled without holes, and without reading a value for placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.procedure.wording import NOT_KNOWN, say


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        ("Call {partner} now", {"partner": "Nordlade"}, "Call Nordlade now"),
        ("Label {evse_label}, please.", {}, f"Label {NOT_KNOWN}, please."),
        ("[{reference} / {their_reference}] Solved", {"reference": "VP-1"}, "[VP-1] Solved"),
        ("[{reference} / {their_reference}] Solved", {"their_reference": "NL-2"}, "[NL-2] Solved"),
        ("At {place}. {issue} Please come.", {"place": "A street"}, "At A street. Please come."),
        ("At {place}. {issue} Please come.", {"place": "B.", "issue": "It smokes"}, "At B. It smokes. Please come."),
        ("Not solved. {outcome_words}", {"outcome_words": "It failed"}, "Not solved. It failed"),
        ("It says {issue}", {"issue": "{token}", "token": "secret"}, "It says {token}"),
        ("It says {issue}", {"issue": "two\nlines\x00"}, "It says two lines"),
    ],
)
def test_a_wording_is_filled(text: str, names: dict[str, str], said: str) -> None:
    assert say(text, names) == said


@given(st.text())
def test_no_value_breaks_the_line(value: str) -> None:
    assert len(f"{say('It says {issue}, he said', {'issue': value})}".splitlines()) == 1
