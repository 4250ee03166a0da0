"""Whatever comes is read or refused in words; what was read can be written and read again."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roamdesk.oicp.wire import Grade, RefusedToWrite, Unreadable, read, write
from roamdesk.oicp.wire.catalogue import MESSAGES
from roamdesk.oicp.wire.charging import Acknowledgement, AuthorizeStart, AuthorizeStop
from roamdesk.oicp.wire.evse import (
    EvseDataPage,
    PullEvseData,
    PullEvseStatus,
    PushEvseData,
)
from roamdesk.oicp.wire.instants import instant, read_time, written
from roamdesk.oicp.wire.parts import IdentificationType, MifareIdentification
from roamdesk.oicp.wire.reading import document_of, read_document, read_notification
from roamdesk.oicp.wire.records import ChargeDetailRecord, ChargingNotificationError
from roamdesk.oicp.wire.writing import encode

VECTORS = Path(__file__).parents[1] / "vectors/oicp"
INDEX = [
    (entry["message"], json.loads((VECTORS / entry["file"]).read_bytes()))
    for entry in json.loads((VECTORS / "index.json").read_bytes())
]
SESSION = "7c1f0a52-3d0e-4b6a-9d41-2f6c0b8e5a10"


def vector(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / f"synthetic/{name}.json").read_bytes())
    return document


CDR = vector("charge-detail-record.request.duplicate-session")

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=30)
    | st.sampled_from(["true", "22.5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A message of the vectors with up to three of its values replaced by something else."""
    kind, document = draw(st.sampled_from(INDEX))
    document = json.loads(json.dumps(document), parse_float=Decimal)
    for _ in range(draw(st.integers(0, 3))):
        holder, key = draw(st.sampled_from(list(places(document))))
        holder[key] = draw(anything)
    return kind, document


def places(value: Any) -> Any:
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list) and inner:
            yield from places(inner)


@given(spoilt())
@settings(max_examples=300, deadline=None)
def test_a_spoilt_message_is_read_and_what_was_read_is_stable(message: tuple[str, dict[str, Any]]) -> None:
    kind, document = message
    first = read_document(MESSAGES[kind], document).message
    again = read(MESSAGES[kind], encode(first)).message
    assert again == first
    assert encode(again) == encode(first)


@given(spoilt())
@settings(max_examples=150, deadline=None)
def test_nothing_is_written_that_a_strict_reader_would_object_to(message: tuple[str, dict[str, Any]]) -> None:
    kind, document = message
    written = read_document(MESSAGES[kind], document).message
    with contextlib.suppress(RefusedToWrite):
        assert read(MESSAGES[kind], write(written)).breaches == []


@given(st.binary(max_size=200))
def test_bytes_are_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(document_of(body), dict)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"a":' * 100_000, b'{"a": NaN}', b"1" * 10_000, b"<html>"])
def test_a_body_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        document_of(body)


def test_a_body_in_latin_1_and_one_with_a_byte_order_mark_are_read() -> None:
    assert document_of('{"a": "Straße"}'.encode("latin-1")) == {"a": "Straße"}
    assert document_of(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def objections(kind: str, document: dict[str, Any]) -> list[str]:
    return [str(finding) for finding in read_document(MESSAGES[kind], document).findings if finding.grade != "note"]


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"SessionID": None}, "/SessionID: mandatory field missing or null"),
        ({"SessionStart": "2024-07-03T22:41:07"}, "/SessionStart: date-time without an offset"),
        ({"SessionStart": "yesterday"}, "/SessionStart: is not a date-time"),
        ({"ChargingEnd": "2024-07-03T20:00:00Z"}, "/ChargingEnd: earlier than ChargingStart"),
        ({"SessionEnd": "2024-07-04T00:00:00+02:00"}, "/SessionEnd: earlier than ChargingEnd"),
        ({"ConsumedEnergy": -1, "MeterValueEnd": None}, "/ConsumedEnergy: below 0 kWh: the hub refuses it (022)"),
        ({"MeterValueEnd": 1}, "/MeterValueEnd: below MeterValueStart: the hub refuses it (022)"),
        ({"ConsumedEnergy": Decimal("27.6131"), "MeterValueEnd": None}, "/ConsumedEnergy: more than 3 decimals"),
        ({"ConsumedEnergy": 5}, "/ConsumedEnergy: 5 kWh stated, 27.613 kWh between MeterValueStart and MeterValueEnd"),
        ({"EvseID": "de*tsc*e1"}, "/EvseID: does not match the EvseID pattern"),
        ({"EvseID": "DE*TSC*E1\n"}, "/EvseID: does not match the EvseID pattern"),
        ({"CPOPartnerSessionID": "x" * 251}, "/CPOPartnerSessionID: longer than 250 characters"),
        ({"Identification": {}}, "/Identification: exactly one identification variant allowed, found 0"),
        (
            {"Identification": {"RFIDMifareFamilyIdentification": {"UID": "04a1b2c3d4e5f6"}}},
            "/Identification/RFIDMifareFamilyIdentification/UID: does not match the UID pattern",
        ),
        (
            {"SignedMeteringValues": [{"MeteringStatus": "Start"}] * 11, "CalibrationLawVerificationInfo": {}},
            "/SignedMeteringValues: at most 10 entries allowed, found 11",
        ),
        (
            {
                "SignedMeteringValues": [{"MeteringStatus": "End"}, {"MeteringStatus": "Start"}],
                "CalibrationLawVerificationInfo": {},
            },
            "/SignedMeteringValues: order must be Start, Progress, End",
        ),
        (
            {"SignedMeteringValues": [{"SignedMeteringValue": "x", "MeteringStatus": "Start"}]},
            "/CalibrationLawVerificationInfo: missing beside signed values: the hub refuses it",
        ),
        (
            {"SignedMeteringValues": [{"MeteringStatus": "End"}], "CalibrationLawVerificationInfo": {}},
            "/SignedMeteringValues: an End value without a Start value: the hub refuses it",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_charge_detail_record_is_objected_to(change: dict[str, Any], objection: str) -> None:
    assert objections("ChargeDetailRecord", CDR | change) == [objection]


def test_a_session_that_ends_in_the_future_is_objected_to_by_the_clock() -> None:
    body, end, a_second = json.dumps(CDR).encode(), datetime.fromisoformat(CDR["SessionEnd"]), timedelta(seconds=1)
    said = [str(finding) for finding in read(ChargeDetailRecord, body, now=end - a_second).findings]
    assert said == ["/SessionEnd: in the future: the hub refuses it (022)"]
    assert read(ChargeDetailRecord, body, now=end).findings == []


@pytest.mark.parametrize(
    ("kind", "document", "objection"),
    [
        ("PullEvseStatusByID", {"ProviderID": "DE-TSP", "EvseID": []}, "/EvseID: must not be empty"),
        (
            "PullEvseStatusByID",
            {"ProviderID": "DE-TSP", "EvseID": ["DE*TSC*E1"] * 101},
            "/EvseID: at most 100 entries allowed, found 101",
        ),
        ("PullEvseStatus", {"ProviderID": "DE-TSP", "EvseStatus": "Broken"}, "'Broken' is not a published value"),
        ("Acknowledgement", {"Result": True, "StatusCode": {"Code": "310"}}, "/Result: contradicts status code 310"),
        ("Acknowledgement", {"Result": False, "StatusCode": {"Code": 22}}, "/StatusCode/Code: number sent where text"),
        ("Acknowledgement", {"Result": "true", "StatusCode": {"Code": "000"}}, "/Result: boolean sent as a string"),
        (
            "AuthorizationStart",
            {"AuthorizationStatus": "NotAuthorized", "StatusCode": {"Code": "000"}},
            "/AuthorizationStatus: contradicts status code 000",
        ),
        (
            "ChargingNotificationProgress",
            {
                "Type": "Progress", "SessionID": SESSION, "EvseID": "DE*TSC*E1", "OperatorID": "DE*TSC",
                "ChargingStart": "2024-07-03T22:43:10+02:00", "EventOccurred": "2024-07-03T23:13:10+02:00",
            },
            "one of ChargingDuration / ConsumedEnergyProgress is mandatory",
        ),
        (
            "PushAuthenticationData",
            {
                "ActionType": "insert",
                "ProviderAuthenticationData": {
                    "ProviderID": "DE-TSP",
                    "AuthenticationDataRecord": [
                        {"Identification": {"RemoteIdentification": {"EvcoID": "DE-XYZ-C00012345-7"}}}
                    ],
                },
            },
            "RemoteIdentification/EvcoID: provider part differs from ProviderID: 019",
        ),
        (
            "RemoteReservationStart",
            {
                "ProviderID": "DE-TSP", "EvseID": "DE*TSC*E1", "Duration": 100,
                "Identification": {"RemoteIdentification": {"EvcoID": "DE-TSP-C00012345-7"}},
            },
            "/Duration: above 99",
        ),
        (
            "AuthorizeRemoteStop",
            {"SessionID": SESSION, "ProviderID": "DE-TSP", "EvseID": "DE*TSC*E1", "Identification": {}},
            "/Identification: not a field of this message",
        ),
        (
            "GetChargeDetailRecords",
            {"ProviderID": "DE-TSP", "From": "2024-07-03T00:00:00Z", "To": "2024-07-02T00:00:00Z"},
            "/To: earlier than From",
        ),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_message_is_objected_to(kind: str, document: dict[str, Any], objection: str) -> None:
    assert any(objection in said for said in objections(kind, document))


def evse_record(**change: Any) -> dict[str, Any]:
    """The record of the operator +49*999, changed."""
    record: dict[str, Any] = vector("push-evse-data.request.din-operator")["OperatorEvseData"]["EvseDataRecord"][0]
    return record | change


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"OpeningTimes": None}, "/OpeningTimes: mandatory when IsOpen24Hours is false"),
        ({"PaymentOptions": ["No Payment", "Direct"]}, "/PaymentOptions: 'No Payment' must stand alone"),
        ({"Plugs": []}, "/Plugs: must not be empty"),
        ({"Plugs": ["MCS"]}, "/Plugs/0: 'MCS' is not a published value"),
        ({"HotlinePhoneNumber": "0049 30 5550"}, "/HotlinePhoneNumber: does not match the PhoneNumber pattern"),
        ({"GeoCoordinates": {"Google": {"Coordinates": "46.1"}}}, "/GeoCoordinates/Google/Coordinates: does not match"),
        ({"GeoCoordinates": {}}, "/GeoCoordinates: exactly one coordinate notation allowed, found 0"),
        ({"GeoCoordinates": "54.100001 9.200002"}, "/GeoCoordinates: a text in place of an object"),
        ({"ChargingStationNames": {"lang": "en", "value": "x"}}, "/ChargingStationNames: one value in place of a list"),
        ({"DynamicInfoAvailable": True}, "/DynamicInfoAvailable: boolean sent where text is expected"),
        ({"ChargingFacilities": [{"PowerType": "DC", "Power": Decimal("7.4")}]}, "Power: not a whole number"),
        ({"ChargingFacilities": [{"PowerType": "DC", "Power": 1000}]}, "Power: above 999"),
        ({"ChargingFacilities": [{"PowerType": "DC", "Power": 350, "Amperage": 500}]}, "Amperage: above 99"),
        ({"EnergySource": [{"Energy": "Solar", "Percentage": 100}]}, "Percentage: above 99"),
        ({"EvseID": "DE*TSC*E1"}, "/EvseID: operator part differs from OperatorID: 018"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_pushed_evse_record_is_objected_to(change: dict[str, Any], objection: str) -> None:
    data = {"OperatorID": "+49*999", "OperatorName": "x", "EvseDataRecord": [evse_record(**change)]}
    said = objections("PushEvseData", {"ActionType": "insert", "OperatorEvseData": data})
    assert [objection in one for one in said] == [True]


def test_a_foreign_evse_may_be_pushed_by_a_partner_with_registered_subs() -> None:
    message = read_document(PushEvseData, pushed_by("DE*TSC")).message
    with pytest.raises(RefusedToWrite, match="operator part differs"):
        write(message)
    assert write(message, with_subs=True)


def pushed_by(operator: str) -> dict[str, Any]:
    data = {"OperatorID": operator, "OperatorName": "Test", "EvseDataRecord": [evse_record()]}
    return {"ActionType": "insert", "OperatorEvseData": data}


def test_other_spellings_are_read_and_noted() -> None:
    pull = read(
        PullEvseData, b'{"ProviderID":"DE-TSP","GeoCoordinatesResponseFormat":"Google","OperatorIDs":["DE*TSC"]}'
    )
    assert pull.message.OperatorIds == ["DE*TSC"]
    assert [str(finding) for finding in pull.findings] == ["/OperatorIds: read from OperatorIDs"]
    assert read(PullEvseStatus, b'{"ProviderID":"DE-TSP","EVSEStatus":"Reserved"}').message.EvseStatus == "Reserved"
    error = read_notification(json.dumps(ERROR | {"ErrorType": "Critical Error"}).encode())
    assert isinstance(error.message, ChargingNotificationError)
    assert error.message.ErrorType == "CriticalError"
    assert [finding.grade for finding in error.findings] == [Grade.NOTE]


ERROR = vector("charging-notification-error.request.critical")


def test_opening_times_of_old_documents_are_read() -> None:
    hours = [{"On": "Monday", "Periods": {"begin": "06:00", "end": "24:00"}}]
    page = {"content": [evse_record(OpeningTimes=hours)]}
    (record,) = read_document(EvseDataPage, page).message.content or []
    assert record
    assert record.OpeningTimes
    assert record.OpeningTimes[0]
    assert record.OpeningTimes[0].on == "Monday"
    assert record.OpeningTimes[0].Period
    assert record.OpeningTimes[0].Period[0]
    assert record.OpeningTimes[0].Period[0].end == "24:00"


def test_meter_values_as_a_list_and_in_an_object_are_the_same() -> None:
    as_list = read_document(ChargeDetailRecord, CDR | {"MeterValueInBetween": [1, Decimal("2.5")]})
    inside = read_document(ChargeDetailRecord, CDR | {"MeterValueInBetween": {"meterValues": [1, Decimal("2.5")]}})
    assert as_list.message == inside.message
    assert as_list.breaches == []


def test_members_that_no_document_knows_are_kept_and_do_not_disturb() -> None:
    reading = read_document(ChargeDetailRecord, CDR | {"NewIn2027": {"a": [1]}})
    assert reading.findings == []
    assert reading.unknown == {"/NewIn2027": {"a": [1]}}


def test_numbers_are_written_as_numbers_and_absent_members_not_at_all() -> None:
    record = read_document(ChargeDetailRecord, CDR | {"MeterValueStart": "15233.104"}).message
    body = write(record)
    assert b'"MeterValueStart":15233.104' in body
    assert b"null" not in body


def test_a_wrong_type_is_reported_and_left_out_never_raised() -> None:
    reading = read(Acknowledgement, b'{"Result": {}, "StatusCode": [1], "SessionID": ["x"]}')
    assert reading.message == Acknowledgement()
    assert {str(finding) for finding in reading.breaches} == {
        "/Result: is not a boolean",
        "/StatusCode: is not an object",
        "/SessionID: is not text",
    }


def test_a_notification_of_an_unknown_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Unreadable, match="Start, Progress, End, Error"):
        read_notification(b'{"Type": "Pause"}')


def test_a_refusal_names_the_members_to_mend() -> None:
    stop = AuthorizeStop(
        SessionID=SESSION,
        OperatorID="DE*TSC",
        Identification=IdentificationType(RFIDMifareFamilyIdentification=MifareIdentification(UID="xx")),
    )
    with pytest.raises(RefusedToWrite, match="UID: does not match the UID pattern"):
        write(stop)
    with pytest.raises(RefusedToWrite, match="/OperatorID: mandatory"):
        write(AuthorizeStart())


def test_a_time_keeps_its_text_its_instant_and_its_offset() -> None:
    time = read_time("2026-10-25T02:30:00+02:00")
    later = read_time("2026-10-25T02:30:00+01:00")
    assert time
    assert later
    assert time.at
    assert later.at
    assert (time.raw, time.offset) == ("2026-10-25T02:30:00+02:00", "+02:00")
    assert (later.at - time.at).total_seconds() == 3600
    local = read_time("2026-10-25T02:30:00")
    assert local
    assert local.at is None


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: moment.utcoffset().seconds % 60 == 0))  # type: ignore[union-attr]
def test_every_instant_is_written_so_that_it_is_read_again(moment: datetime) -> None:
    assert instant(written(moment)) == moment.replace(microsecond=0).astimezone(UTC)
