"""The attachment between two installations: written to its schema, and never trusted blindly when it is read."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedure.situations import facts, hubject
from roamdesk.procedure import Side
from roamdesk.procedure.exchange import LARGEST, SCHEMA, read_sent, write_sent
from roamdesk.procedure.template import fill

PUBLISHED = json.loads(SCHEMA.read_text())
TOLD = {"event_time": "2026-03-10T09:00:00Z", "token": "04A2", "issue": "It does not start."}


def document(**changes: Any) -> dict[str, Any]:
    fields = fill(hubject(), facts(TOLD), "UTC")
    raw = write_sent(hubject(), fields, desk="Nordlade", side=Side.CPO, our_reference="NDL-1", problem="other")
    return json.loads(raw) | changes


def with_values(name: str, **values: Any) -> bytes:
    return json.dumps(document(fields=[{"name": name, "text": "x", "values": values}])).encode()


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(PUBLISHED)


@given(issue=st.text(max_size=12_000), reference=st.text(min_size=1, max_size=80))
def test_what_is_written_keeps_to_the_schema(issue: str, reference: str) -> None:
    fields = fill(hubject(), facts({**TOLD, "issue": issue[:9_000]}), "UTC")
    raw = write_sent(hubject(), fields, desk="x" * 200, side=Side.MSP, our_reference=reference)
    jsonschema.validate(json.loads(raw), PUBLISHED)


def test_a_fact_that_no_line_of_the_template_carries_cannot_be_told() -> None:
    sent = read_sent(hubject(), with_values("token", token="04A2", outcome="successful", unlock="ok"))
    assert sent.fields["token"].values == {"token": "04A2"}
    assert len(sent.fields["token"].doubts) == 2


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("date_time", {"event_time": "10/03/2026 09:00"}),
        ("date_time", {"event_time": "2026-03-10T09:00:00"}),
        ("date_time", {"time_exact": "maybe"}),
        ("token", {"token": "what?!"}),
        ("event", {"issue": " "}),
    ],
)
def test_a_value_that_cannot_be_is_left_out_and_said(name: str, values: dict[str, str]) -> None:
    field = read_sent(hubject(), with_values(name, **values)).fields[name]
    assert field.values == {}
    assert field.doubts


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 60_000, "no JSON"),
        (b'{"version": ' + b"9" * 6_000 + b"}", "no JSON"),
        (b"[]", "schema"),
        (json.dumps(document(version=2)).encode(), "schema"),
        (json.dumps(document(format="other")).encode(), "schema"),
        (json.dumps(document(our_reference="x" * 61)).encode(), "schema"),
        (json.dumps(document(fields={})).encode(), "schema"),
        (with_values("token", token=7), "schema"),
        (b" " * (LARGEST + 1), "larger"),
    ],
)
def test_what_is_none_is_refused_in_words(raw: bytes, why: str) -> None:
    sent = read_sent(hubject(), raw)
    assert why in sent.fault
    assert (sent.fields, sent.problem, sent.our_reference) == ({}, "", "")


def test_a_problem_that_our_procedure_does_not_know_is_none() -> None:
    assert read_sent(hubject(), json.dumps(document(problem="flooded")).encode()).problem == ""
    assert read_sent(hubject(), json.dumps(document()).encode()).problem == "other"


def test_a_field_of_another_procedure_is_left_out() -> None:
    assert read_sent(hubject(), with_values("colour", paint="red")).fields == {}
