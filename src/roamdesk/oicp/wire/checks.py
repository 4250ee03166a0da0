"""Rules between members: what one message must not say at once (sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from roamdesk.identifiers import ContractId, EvseId, IdentifierError, OperatorId, ProviderId
from roamdesk.oicp.wire.authentication import PushAuthenticationData
from roamdesk.oicp.wire.charging import (
    Acknowledgement,
    AuthorizationStart,
    AuthorizationStop,
    AuthorizeRemoteStart,
    AuthorizeStart,
    AuthorizeStop,
    RemoteReservationStart,
)
from roamdesk.oicp.wire.evse import (
    EvseDataPage,
    EvseDataRecordType,
    PullEvseData,
    PushEvseData,
    PushEvseStatus,
)
from roamdesk.oicp.wire.findings import Findings
from roamdesk.oicp.wire.instants import instant
from roamdesk.oicp.wire.message import Part
from roamdesk.oicp.wire.parts import GeoCoordinatesType, IdentificationType, QRCodeIdentificationType
from roamdesk.oicp.wire.pricing import PricingProductDataType
from roamdesk.oicp.wire.records import (
    ChargeDetailRecord,
    ChargeDetailRecordPage,
    ChargingNotificationEnd,
    ChargingNotificationProgress,
    ChargingNotificationStart,
    GetChargeDetailRecords,
    Page,
)

SUCCESS = "000"
MOST_ENERGY = Decimal(1000)

Check = Callable[[Any, str, Findings], None]


def check(message: Part, findings: Findings, now: datetime | None) -> None:
    """Report every broken rule of a message and of its parts. With `now` (UTC) also sessions that end ahead of it."""
    _walk(message, "", findings)
    if now is not None:
        _check_not_ahead(message, now, findings)


def _walk(part: Part, at: str, findings: Findings) -> None:
    for one in _checks_of(type(part)):
        one(part, at, findings)
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if isinstance(value, Part):
            _walk(value, f"{at}/{name}", findings)
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                if isinstance(entry, Part):
                    _walk(entry, f"{at}/{name}/{number}", findings)


@cache
def _checks_of(kind: type[Part]) -> tuple[Check, ...]:
    return tuple(one for whom, checks in CHECKS.items() if issubclass(kind, whom) for one in checks)


# Identification


def _one_variant(identification: IdentificationType, at: str, findings: Findings) -> None:
    found = len(_given(identification))
    if found != 1:
        findings.breach(at, f"exactly one identification variant allowed, found {found}")


def _one_pin(code: QRCodeIdentificationType, at: str, findings: Findings) -> None:
    if (code.PIN is None) == (code.HashedPIN is None):
        findings.breach(at, "exactly one of PIN / HashedPIN allowed")


def _only_remote(message: AuthorizeRemoteStart | RemoteReservationStart, at: str, findings: Findings) -> None:
    if message.Identification and _given(message.Identification) - {"RemoteIdentification"}:
        findings.breach(f"{at}/Identification", "remote process: only RemoteIdentification allowed")


def _fit_to_authorise(message: AuthorizeStart | AuthorizeStop, at: str, findings: Findings) -> None:
    identification = message.Identification
    if identification is None:
        return
    here = f"{at}/Identification"
    if identification.RFIDIdentification:
        findings.breach(f"{here}/RFIDIdentification", "must not be used in the authorization process")
    code = identification.QRCodeIdentification
    if code and code.HashedPIN:
        findings.breach(f"{here}/QRCodeIdentification/HashedPIN", "must be null in an authorization request")


def _given(part: Part) -> set[str]:
    return {name for name in part.__struct_fields__ if getattr(part, name) is not None}


# Times and energies


def _not_before(part: Part, at: str, findings: Findings, later: str, earlier: str) -> None:
    end, start = instant(getattr(part, later)), instant(getattr(part, earlier))
    if end and start and end < start:
        findings.breach(f"{at}/{later}", f"earlier than {earlier}")


def _times_of_record(record: ChargeDetailRecord | ChargingNotificationEnd, at: str, findings: Findings) -> None:
    _not_before(record, at, findings, "ChargingStart", "SessionStart")
    _not_before(record, at, findings, "ChargingEnd", "ChargingStart")
    _not_before(record, at, findings, "SessionEnd", "SessionStart")
    _not_before(record, at, findings, "SessionEnd", "ChargingEnd")


def _begins_in_session(notification: ChargingNotificationStart, at: str, findings: Findings) -> None:
    _not_before(notification, at, findings, "ChargingStart", "SessionStart")


def _penalty(notification: ChargingNotificationEnd, at: str, findings: Findings) -> None:
    _not_before(notification, at, findings, "PenaltyTimeStart", "ChargingEnd")


def _energy_of_record(record: ChargeDetailRecord | ChargingNotificationEnd, at: str, findings: Findings) -> None:
    energy, start, end = record.ConsumedEnergy, record.MeterValueStart, record.MeterValueEnd
    if energy is not None and energy > MOST_ENERGY:
        findings.breach(f"{at}/ConsumedEnergy", "above 1000 kWh: the hub refuses it (022)")
    if energy is not None and energy < 0:
        findings.breach(f"{at}/ConsumedEnergy", "below 0 kWh: the hub refuses it (022)")
    if start is None or end is None:
        return
    if end < start:
        findings.breach(f"{at}/MeterValueEnd", "below MeterValueStart: the hub refuses it (022)")
    elif energy is not None and energy != end - start:
        findings.breach(
            f"{at}/ConsumedEnergy", f"{energy} kWh stated, {end - start} kWh between MeterValueStart and MeterValueEnd"
        )


def _signatures(record: ChargeDetailRecord, at: str, findings: Findings) -> None:
    signed = [value for value in record.SignedMeteringValues or [] if value]
    if not signed:
        return
    if record.CalibrationLawVerificationInfo is None:
        findings.unsound(f"{at}/CalibrationLawVerificationInfo", "missing beside signed values: the hub refuses it")
    stages = [value.MeteringStatus for value in signed if value.MeteringStatus]
    if "End" in stages and "Start" not in stages:
        findings.unsound(f"{at}/SignedMeteringValues", "an End value without a Start value: the hub refuses it")
    order = [_STAGES.index(stage) for stage in stages if stage in _STAGES]
    if order != sorted(order):
        findings.breach(f"{at}/SignedMeteringValues", "order must be Start, Progress, End")


_STAGES = ("Start", "Progress", "End")


def _progress(notification: ChargingNotificationProgress, at: str, findings: Findings) -> None:
    _not_before(notification, at, findings, "ChargingStart", "SessionStart")
    _not_before(notification, at, findings, "EventOccurred", "ChargingStart")
    stated, energy = notification.ChargingDuration, notification.ConsumedEnergyProgress
    if stated is None and energy is None:
        for name in ("ChargingDuration", "ConsumedEnergyProgress"):
            findings.breach(f"{at}/{name}", "one of ChargingDuration / ConsumedEnergyProgress is mandatory")
    start, event = instant(notification.ChargingStart), instant(notification.EventOccurred)
    if stated is None or start is None or event is None:
        return
    real = round((event - start).total_seconds() * 1000)
    if real >= 0 and stated != real:
        findings.breach(
            f"{at}/ChargingDuration", f"{stated} ms stated, {real} ms between ChargingStart and EventOccurred"
        )


def _range(request: GetChargeDetailRecords, at: str, findings: Findings) -> None:
    _not_before(request, at, findings, "To", "From")


def _check_not_ahead(message: Part, now: datetime, findings: Findings) -> None:
    end = instant(message.SessionEnd) if isinstance(message, ChargeDetailRecord) else None
    if end and end > now:
        findings.breach("/SessionEnd", "in the future: the hub refuses it (022)")


# EVSE data


def _one_notation(place: GeoCoordinatesType, at: str, findings: Findings) -> None:
    found = len(_given(place))
    if found != 1:
        findings.breach(at, f"exactly one coordinate notation allowed, found {found}")


def _opening(record: EvseDataRecordType, at: str, findings: Findings) -> None:
    if record.IsOpen24Hours is False and not record.OpeningTimes and record.deltaType != "delete":
        findings.breach(f"{at}/OpeningTimes", "mandatory when IsOpen24Hours is false")
    if record.PaymentOptions and "No Payment" in record.PaymentOptions and len(record.PaymentOptions) > 1:
        findings.breach(f"{at}/PaymentOptions", "'No Payment' must stand alone")


def _delta_alone(request: PullEvseData, at: str, findings: Findings) -> None:
    if request.LastCall is None:
        return
    for name in ("SearchCenter", "CountryCodes", "OperatorIds"):
        if getattr(request, name):
            findings.breach(f"{at}/{name}", "cannot be combined with LastCall")


def _whole_power(push: PushEvseData, at: str, findings: Findings) -> None:
    for row, record in _records(push):
        for number, facility in enumerate(record.ChargingFacilities or []):
            if facility and facility.Power is not None and facility.Power % 1:
                findings.breach(f"{at}{row}/ChargingFacilities/{number}/Power", "not a whole number")


def _records(push: PushEvseData) -> list[tuple[str, EvseDataRecordType]]:
    records = (push.OperatorEvseData and push.OperatorEvseData.EvseDataRecord) or []
    return [(f"/OperatorEvseData/EvseDataRecord/{row}", record) for row, record in enumerate(records) if record]


def _own_data(push: PushEvseData, at: str, findings: Findings) -> None:
    if push.OperatorEvseData:
        for row, record in _records(push):
            _own_evse(record.EvseID, push.OperatorEvseData.OperatorID, f"{at}{row}/EvseID", findings)


def _own_status(push: PushEvseStatus, at: str, findings: Findings) -> None:
    if push.OperatorEvseStatus:
        for row, record in enumerate(push.OperatorEvseStatus.EvseStatusRecord or []):
            here = f"{at}/OperatorEvseStatus/EvseStatusRecord/{row}/EvseID"
            _own_evse(record.EvseID if record else None, push.OperatorEvseStatus.OperatorID, here, findings)


def _own_evse(evse_id: str | None, operator_id: str | None, at: str, findings: Findings) -> None:
    try:
        foreign = EvseId.parse(evse_id or "").operator_key != OperatorId.parse(operator_id or "").key
    except IdentifierError:
        return
    if foreign:
        findings.breach(at, FOREIGN_EVSE)


FOREIGN_EVSE = "operator part differs from OperatorID: 018 unless it is a registered sub-operator"


def _own_contracts(push: PushAuthenticationData, at: str, findings: Findings) -> None:
    data = push.ProviderAuthenticationData
    for row, record in enumerate((data and data.AuthenticationDataRecord) or []):
        if data and record and record.Identification:
            here = f"{at}/ProviderAuthenticationData/AuthenticationDataRecord/{row}/Identification"
            for name in _given(record.Identification):
                evco_id = getattr(getattr(record.Identification, name), "EvcoID", None)
                _own_contract(evco_id, data.ProviderID, f"{here}/{name}/EvcoID", findings)


def _own_contract(evco_id: str | None, provider_id: str | None, at: str, findings: Findings) -> None:
    try:
        foreign = ContractId.parse(evco_id or "").provider_key != ProviderId.parse(provider_id or "").key
    except IdentifierError:
        return
    if foreign:
        findings.breach(at, FOREIGN_CONTRACT)


FOREIGN_CONTRACT = "provider part differs from ProviderID: 019 unless it is a registered sub-provider"


# Prices


def _unique_products(prices: PricingProductDataType, at: str, findings: Findings) -> None:
    seen: set[str] = set()
    for row, product in enumerate(prices.PricingProductDataRecords or []):
        name = product.ProductID if product else None
        if name in seen:
            findings.breach(f"{at}/PricingProductDataRecords/{row}/ProductID", "must be unique")
        seen |= {name} if name else set()


# Answers


def _verdict_fits(
    answer: Acknowledgement | AuthorizationStart | AuthorizationStop, at: str, findings: Findings
) -> None:
    code = answer.StatusCode and answer.StatusCode.Code
    said_yes = answer.Result if isinstance(answer, Acknowledgement) else _authorised(answer.AuthorizationStatus)
    if code is None or said_yes is None:
        return
    if said_yes and not isinstance(answer, Acknowledgement) and answer.ProviderID is None:
        findings.unsound(f"{at}/ProviderID", "missing beside Authorized: nobody knows who pays")
    if said_yes != (code == SUCCESS):
        name = "Result" if isinstance(answer, Acknowledgement) else "AuthorizationStatus"
        findings.unsound(f"{at}/{name}", f"contradicts status code {code}")


def _authorised(status: str | None) -> bool | None:
    return {"Authorized": True, "NotAuthorized": False}.get(status or "")


def _count(page: Page, at: str, findings: Findings) -> None:
    content = page.content if isinstance(page, ChargeDetailRecordPage | EvseDataPage) else None
    if content is not None and page.numberOfElements is not None and page.numberOfElements != len(content):
        findings.breach(f"{at}/numberOfElements", f"{page.numberOfElements} stated, {len(content)} present")


CHECKS: dict[type[Part], tuple[Check, ...]] = {
    IdentificationType: (_one_variant,),
    QRCodeIdentificationType: (_one_pin,),
    AuthorizeRemoteStart: (_only_remote,),
    RemoteReservationStart: (_only_remote,),
    AuthorizeStart: (_fit_to_authorise,),
    AuthorizeStop: (_fit_to_authorise,),
    ChargeDetailRecord: (_times_of_record, _energy_of_record, _signatures),
    ChargingNotificationStart: (_begins_in_session,),
    ChargingNotificationProgress: (_progress,),
    ChargingNotificationEnd: (_times_of_record, _energy_of_record, _penalty),
    GetChargeDetailRecords: (_range,),
    GeoCoordinatesType: (_one_notation,),
    EvseDataRecordType: (_opening,),
    PullEvseData: (_delta_alone,),
    PushEvseData: (_whole_power, _own_data),
    PushEvseStatus: (_own_status,),
    PushAuthenticationData: (_own_contracts,),
    PricingProductDataType: (_unique_products,),
    Acknowledgement: (_verdict_fits,),
    AuthorizationStart: (_verdict_fits,),
    AuthorizationStop: (_verdict_fits,),
    Page: (_count,),
}
