"""The message template: five fields, UTC, nothing silently left out (S32, S33, A10, A12, A20)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedure.situations import facts, hubject
from roamdesk.procedure import load
from roamdesk.procedure.check import check
from roamdesk.procedure.errors import ProcedureError
from roamdesk.procedure.loader import SHIPPED
from roamdesk.procedure.template import FilledField, check_draft, fill, missing

KNOWN = {
    "event_time": "2026-11-15T09:20:00Z",
    "time_exact": "yes",
    "evse_id": "DE*NDL*E0417*A",
    "token": "04A2B3C4",
    "cdr_id": "CDR-1009",
    "issue": "Billed twice",
}


def filled(**told: Any) -> dict[str, FilledField]:
    known = {**KNOWN, **told}
    return {field.name: field for field in fill(hubject(), facts(known), "Europe/Berlin")}


def test_a_complete_mail_lacks_nothing() -> None:
    fields = fill(hubject(), facts(KNOWN), "Europe/Berlin")
    assert [field.name for field in fields] == ["date_time", "evse_id", "token", "cdr_id", "event"]
    assert missing(fields) == []


def test_the_time_is_utc_in_the_format_of_the_file_and_local_beside_it() -> None:
    field = filled(event_time="2026-07-03T18:30:00+02:00")["date_time"]
    assert (field.text, field.shown_local) == ("03/07/2026 16:30", "03/07/2026 18:30 CEST")


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 7, 3, 16, 30, tzinfo=UTC),
        datetime(2026, 7, 3, 18, 30, tzinfo=timezone(timedelta(hours=2))),
        "2026-07-03T16:30:00Z",
        " 2026-07-03 16:30 ",
    ],
)
def test_an_instant_is_read_however_it_was_kept(value: Any) -> None:
    assert filled(event_time=value)["date_time"].text == "03/07/2026 16:30"


@pytest.mark.parametrize("exact", ["no", None])
def test_a_time_that_is_not_exact_is_marked_as_indicative(exact: str | None) -> None:
    field = filled(time_exact=exact)["date_time"]
    assert field.indicative
    assert field.text.endswith("09:20, indicative")


@pytest.mark.parametrize("value", ["yesterday", "0001-01-01T00:00:00+14:00", "2026-13-01", "9" * 500])
def test_a_time_that_cannot_be_read_is_kept_and_counts_as_missing(value: str) -> None:
    field = filled(event_time=value)["date_time"]
    assert (field.text, field.missing) == (value, True)


def test_the_session_stands_in_for_the_cdr() -> None:
    assert filled(cdr_id=None, session_id="S-78")["cdr_id"].text == "session S-78, CDR not yet issued"


def test_no_cdr_yet_is_said_with_the_reason() -> None:
    assert filled(cdr_id=None, cdr_reason="session runs")["cdr_id"].text == "not yet issued: session runs"


def test_no_token_is_said_with_the_reason_and_without_one_it_is_missing() -> None:
    assert filled(token=None, no_token_reason="plug and charge")["token"].text == "none: plug and charge"
    assert filled(token=None)["token"].missing


def test_what_was_typed_stays_on_one_line() -> None:
    assert filled(issue="one\r\nBcc: all\x00\u2028<b>")["event"].text == "one Bcc: all <b>"


def test_blanks_count_as_nothing() -> None:
    assert filled(issue=" \n ")["event"].missing


def test_a_draft_without_cdr_lacks_the_cdr() -> None:
    draft = {"date_time": "16/11/2026 16:40", "evse_id": "X", "token": "T", "cdr_id": " ", "event": "E"}
    assert check_draft(hubject(), draft) == ["cdr_id"]


def test_a_draft_with_the_session_or_the_reason_is_complete() -> None:
    draft = {"date_time": "16/11/2026 16:40", "evse_id": "X", "token": "T", "event": "E"}
    assert check_draft(hubject(), {**draft, "session_id": "S-1"}) == []
    assert check_draft(hubject(), {**draft, "cdr_reason": "runs"}) == []


@given(st.dictionaries(st.sampled_from([*KNOWN, "no_token_reason"]), st.text() | st.datetimes()))
def test_every_field_is_filled_or_named_as_missing(told: dict[str, Any]) -> None:
    for field in fill(hubject(), facts(told), "Europe/Berlin"):
        assert field.text or field.missing
        assert len(field.text.splitlines()) <= 1


SOURCE = (SHIPPED / "hubject.yaml").read_text("utf-8")


def faults_of(old: str, new: str) -> list[str]:
    return [str(fault) for fault in check(load(SOURCE.replace(old, new, 1))).faults]


def test_a_name_that_two_fields_share_is_a_fault() -> None:
    (fault,) = faults_of("aliases: [EVSE, EVSE number", "aliases: [EVSE, Card number")
    assert "'Card number' names both evse_id and token" in fault


def test_a_name_of_a_field_that_is_a_references_too_is_a_fault() -> None:
    (fault,) = faults_of("aliases: [EVSE, EVSE number", "aliases: [EVSE, Our ref")
    assert "'Our ref' names both a reference and evse_id" in fault


def test_words_that_name_what_is_no_fact_are_a_fault() -> None:
    assert any(
        "There is no fact 'labl'" in fault for fault in faults_of("{evse_label: [EVSE label", "{labl: [EVSE label")
    )


def test_a_language_has_two_letters() -> None:
    with pytest.raises(ProcedureError, match="'ger' is no language"):
        load(SOURCE.replace("      de:\n        title: Datum", "      ger:\n        title: Datum", 1))
