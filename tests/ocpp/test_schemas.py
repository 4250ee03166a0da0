"""Payloads are checked against the schemas of the `ocpp` package, all of which can be compiled."""

from importlib import resources
from typing import Any

import pytest

from roamdesk.ocpp.frames import ErrorCode
from roamdesk.ocpp.schemas import UnknownAction, WrongPayload, check_request, check_response, compiled
from roamdesk.ocpp.versions import OcppVersion

STATUS: dict[str, Any] = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.mark.parametrize("version", list(OcppVersion))
def test_every_schema_of_the_package_compiles(version: OcppVersion) -> None:
    folder = resources.files("ocpp") / version.schema_folder / "schemas"
    names = [entry.name.removesuffix(".json") for entry in folder.iterdir()]
    assert len(names) > 70
    assert all(callable(compiled.__wrapped__(version, name)) for name in names)


def test_a_right_payload_passes() -> None:
    check_request(OcppVersion.V16, "StatusNotification", STATUS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"connectorId": "1"}, ErrorCode.TYPE),
        ({"connectorId": True}, ErrorCode.TYPE),
        ({"status": "Broken"}, ErrorCode.PROPERTY),
        ({"info": "x" * 51}, ErrorCode.PROPERTY),
        ({"colour": "red"}, ErrorCode.FORMAT),
    ],
)
def test_a_wrong_payload_is_refused_with_the_code_that_fits(change: dict[str, Any], code: ErrorCode) -> None:
    with pytest.raises(WrongPayload) as refused:
        check_request(OcppVersion.V16, "StatusNotification", STATUS | change)
    assert refused.value.code is code


def test_a_missing_field_is_an_occurrence_violation() -> None:
    with pytest.raises(WrongPayload) as refused:
        check_request(OcppVersion.V16, "StatusNotification", {})
    assert refused.value.code is ErrorCode.OCCURRENCE


@pytest.mark.parametrize("action", ["Teleport", "../call", "", "StatusNotificationResponse", "Heartbeat.json"])
@pytest.mark.parametrize("version", list(OcppVersion))
def test_an_unknown_action_is_named_as_such(version: OcppVersion, action: str) -> None:
    with pytest.raises(UnknownAction):
        check_request(version, action, {})


def test_a_2_0_1_action_is_unknown_in_1_6() -> None:
    with pytest.raises(UnknownAction):
        check_request(OcppVersion.V16, "TransactionEvent", {})


def test_each_version_has_its_own_unlock_statuses() -> None:
    check_response(OcppVersion.V16, "UnlockConnector", {"status": "NotSupported"})
    check_response(OcppVersion.V201, "UnlockConnector", {"status": "UnknownConnector"})
    with pytest.raises(WrongPayload):
        check_response(OcppVersion.V201, "UnlockConnector", {"status": "NotSupported"})
