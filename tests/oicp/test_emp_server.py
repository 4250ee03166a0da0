"""What an MSP answers when the hub calls: cards, notifications, charge detail records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope

from oicp_messages import AUTHORISE_START, AUTHORISE_STOP, CDR, EVSE, OPERATOR, SESSION, STARTED, UID
from roamdesk.charging.models import Evidence, Session, Token
from roamdesk.charging.roaming.services import block_token
from roamdesk.desks.models import Desk
from roamdesk.oicp.models import Exchange, HubConnection
from roamdesk.oicp.reception import HANDLERS
from roamdesk.oicp.wire.writing import encode

pytestmark = pytest.mark.usefixtures("emp_hub")
START = f"/charging/v21/operators/{OPERATOR}/authorize/start"
STOP = f"/charging/v21/operators/{OPERATOR}/authorize/stop"
RECORD = f"/cdrmgmt/v22/operators/{OPERATOR}/charge-detail-record"
NEWS = "/notificationmgmt/v11/charging-notifications"


@pytest.fixture
def card(msp_desk: Desk) -> Token:
    with scope(desk=msp_desk):
        return Token.objects.create(desk=msp_desk, kind=Token.Kind.RFID, value=UID, contract_id="DE-VPS-C00012345-2")


def kept(desk: Desk, kind: type[Any]) -> list[Any]:
    with scope(desk=desk):
        return list(kind.objects.filter(desk=desk))


def changed(message: Any, **values: Any) -> bytes:
    return json.dumps(json.loads(encode(message)) | values).encode()


def test_a_card_of_ours_is_authorised_and_the_session_is_known(card: Token, msp_desk: Desk, hub_calls: Any) -> None:
    said = hub_calls("voltpass", START, AUTHORISE_START)
    assert said["AuthorizationStatus"] == "Authorized"
    assert said["StatusCode"] == {"Code": "000", "Description": "Success"}
    assert (said["SessionID"], said["ProviderID"]) == (SESSION, "DE-VPS")
    (session,) = kept(msp_desk, Session)
    assert (session.session_id, session.token_key, session.grade) == (SESSION, UID, "authorised")
    (exchange,) = kept(msp_desk, Exchange)
    assert (exchange.inbound, exchange.code, exchange.process_id) == (True, "000", "process-1")
    assert json.loads(exchange.request) == json.loads(encode(AUTHORISE_START))


def test_a_card_of_somebody_else_is_refused_and_leaves_no_trace(msp_desk: Desk, hub_calls: Any) -> None:
    said = hub_calls("voltpass", START, AUTHORISE_START)
    assert said["AuthorizationStatus"] == "NotAuthorized"
    assert said["StatusCode"]["Code"] == "102"
    assert kept(msp_desk, Session) + kept(msp_desk, Exchange) + kept(msp_desk, Evidence) == []


def test_a_blocked_card_is_refused_as_locked_and_that_is_kept(
    card: Token, msp_desk: Desk, hub_calls: Any, at: Any
) -> None:
    block_token(msp_desk, card, because="lost", at=at)
    said = hub_calls("voltpass", START, AUTHORISE_START)
    assert (said["AuthorizationStatus"], said["StatusCode"]["Code"]) == ("NotAuthorized", "200")
    assert [exchange.code for exchange in kept(msp_desk, Exchange)] == ["200"]
    assert kept(msp_desk, Session) == []


@pytest.mark.parametrize(
    ("identification", "code"),
    [
        ({"RFIDMifareFamilyIdentification": {"UID": UID.lower()}}, "000"),
        ({"PlugAndChargeIdentification": {"EvcoID": "DE-VPS-C00012345-2"}}, "000"),
        ({"RemoteIdentification": {"EvcoID": "DEVPSC00012345"}}, "000"),
        ({"PlugAndChargeIdentification": {"EvcoID": "DE-VPS-C99999999-2"}}, "105"),
        ({"QRCodeIdentification": {"EvcoID": "DE-VPS-C00012345-2", "PIN": "4711"}}, "101"),
        ({"RFIDMifareFamilyIdentification": {"UID": "nonsense"}}, "102"),
        ({}, "022"),
        ({"RFIDMifareFamilyIdentification": {"UID": UID}, "RemoteIdentification": {"EvcoID": "x"}}, "022"),
    ],
    ids=str,
)
def test_each_way_to_identify_has_its_answer(card: Token, hub_calls: Any, identification: Any, code: str) -> None:
    said = hub_calls("voltpass", START, changed(AUTHORISE_START, Identification=identification))
    assert said["StatusCode"]["Code"] == code
    assert said["AuthorizationStatus"] == ("Authorized" if code == "000" else "NotAuthorized")


def test_a_pin_is_never_kept(card: Token, msp_desk: Desk, hub_calls: Any) -> None:
    body = changed(CDR, Identification={"QRCodeIdentification": {"EvcoID": "DE-VPS-C00012345-2", "PIN": "4711"}})
    assert hub_calls("voltpass", RECORD, body)["Result"] is True
    texts = [exchange.request for exchange in kept(msp_desk, Exchange)]
    texts += [evidence.raw for evidence in kept(msp_desk, Evidence)]
    assert len(texts) == 2
    assert not any("4711" in text for text in texts)


def test_a_stop_is_authorised_for_an_open_session_of_ours_only(card: Token, hub_calls: Any) -> None:
    assert hub_calls("voltpass", STOP, AUTHORISE_STOP)["StatusCode"]["Code"] == "400"
    hub_calls("voltpass", START, AUTHORISE_START)
    assert hub_calls("voltpass", STOP, AUTHORISE_STOP)["AuthorizationStatus"] == "Authorized"
    hub_calls("voltpass", RECORD, CDR)
    assert hub_calls("voltpass", STOP, AUTHORISE_STOP)["StatusCode"]["Code"] == "400"


def test_news_and_record_make_one_session_however_often_they_come(msp_desk: Desk, hub_calls: Any) -> None:
    for _ in range(2):
        assert hub_calls("voltpass", NEWS, STARTED)["Result"] is True
    assert [session.grade for session in kept(msp_desk, Session)] == ["started"]
    for _ in range(2):
        said = hub_calls("voltpass", RECORD, CDR)
        assert (said["Result"], said["SessionID"]) == (True, SESSION)
    (session,) = kept(msp_desk, Session)
    assert session.grade == "cdr"
    assert str(session.energy_kwh) == "27.613"
    assert len(kept(msp_desk, Evidence)) == 2
    assert len(kept(msp_desk, Exchange)) == 4


def test_a_second_different_record_is_acknowledged_kept_and_flagged(msp_desk: Desk, hub_calls: Any) -> None:
    hub_calls("voltpass", RECORD, CDR)
    assert hub_calls("voltpass", RECORD, changed(CDR, ConsumedEnergy=12))["Result"] is True
    (session,) = kept(msp_desk, Session)
    assert str(session.energy_kwh) == "27.613"
    assert "two_cdrs" in session.flags


def test_a_record_with_faults_is_taken_and_its_faults_are_kept(msp_desk: Desk, hub_calls: Any) -> None:
    body = changed(CDR, ConsumedEnergy="27613", SessionEnd="2026-03-10T07:02:55", NewIn2027=1)
    assert hub_calls("voltpass", RECORD, body)["Result"] is True
    (exchange,) = kept(msp_desk, Exchange)
    assert exchange.findings == [
        "/SessionEnd: date-time without an offset",
        "/ConsumedEnergy: number sent as a string",
        "/ConsumedEnergy: above 1000 kWh: the hub refuses it (022)",
    ]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (RECORD, b"{", "022"),
        (RECORD, b"[]", "022"),
        (RECORD, changed(CDR, SessionID=None), "022"),
        (RECORD, changed(CDR, EvseID={}), "022"),
        (RECORD, changed(CDR, SessionID="\u0000"), "022"),
        (NEWS, changed(STARTED, Type="Pause"), "022"),
        ("/nonsense", b"{}", "022"),
        (START.replace(OPERATOR, "DE*XYZ"), AUTHORISE_START, "022"),
        (START.replace(OPERATOR, "nobody"), AUTHORISE_START, "022"),
        ("/charging/v21/providers/DE-VPS/authorize-remote/stop", b"{}", "320"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_taken_is_refused_with_a_reason_and_changes_nothing(
    card: Token, msp_desk: Desk, hub_calls: Any, path: str, body: Any, code: str
) -> None:
    said = hub_calls("voltpass", path, body)
    assert said["StatusCode"]["Code"] == code
    assert said["StatusCode"]["AdditionalInfo"]
    assert said.get("Result", False) is False
    assert kept(msp_desk, Session) + kept(msp_desk, Evidence) == []


@pytest.mark.parametrize("caller", ["", "somebody.example", "HUB.example"])
def test_whoever_is_not_the_hub_is_refused_and_the_attempt_is_kept(
    card: Token, msp_desk: Desk, hub_calls: Any, caller: str
) -> None:
    assert hub_calls("voltpass", RECORD, CDR, caller=caller)["StatusCode"]["Code"] == "017"
    assert hub_calls("voltpass", START, AUTHORISE_START, caller=caller)["StatusCode"]["Code"] == "017"
    assert kept(msp_desk, Session) == []
    assert [exchange.code for exchange in kept(msp_desk, Exchange)] == ["017", "017"]


def test_a_desk_that_is_not_there_and_one_that_has_no_hub_are_answered(stranger: Any, hub_calls: Any) -> None:
    assert hub_calls("nowhere", RECORD, CDR)["StatusCode"]["Code"] == "300"
    assert hub_calls("ladeviert", RECORD, CDR)["StatusCode"]["Code"] == "300"


def test_a_fault_of_ours_is_answered_with_021_and_the_call_is_not_lost(
    msp_desk: Desk, hub_calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full of secrets")

    monkeypatch.setitem(HANDLERS, "ChargeDetailRecord", fails)
    said = hub_calls("voltpass", RECORD, CDR)
    assert said == {"Result": False, "StatusCode": {"Code": "021", "Description": "System error"}}
    (exchange,) = kept(msp_desk, Exchange)
    assert (exchange.code, json.loads(exchange.request)["EvseID"]) == ("021", EVSE)


def test_the_other_desk_sees_none_of_it(cpo_desk: Desk, emp_hub: HubConnection, hub_calls: Any) -> None:
    hub_calls("voltpass", RECORD, CDR)
    assert kept(cpo_desk, Session) + kept(cpo_desk, Exchange) == []
