"""EVSE data and status, pushed and pulled (sections 5.9, 5.10, 6.3, 6.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from roamdesk.oicp.wire.message import Answer, Filled, Message, Must, Part
from roamdesk.oicp.wire.parts import GeoCoordinatesType, SearchCenterType, StatusCodeType
from roamdesk.oicp.wire.records import Page
from roamdesk.oicp.wire.rules import Also, Number, OneIsEnough, Size, Text
from roamdesk.oicp.wire.vocabulary import (
    AccessibilityLocationText,
    AccessibilityText,
    ActionText,
    AuthenticationModeText,
    Boolean,
    CalibrationText,
    ChargingModeText,
    CoordinateFormatText,
    CountryText,
    DayText,
    DeltaText,
    DynamicText,
    Energy,
    EnergySourceText,
    EvseIDText,
    EvseStatusText,
    HourText,
    LanguageText,
    OperatorIDText,
    PaymentText,
    PhoneText,
    PlugText,
    PoolIDText,
    PowerTypeText,
    ProviderIDText,
    Text5,
    Text10,
    Text20,
    Text50,
    Text100,
    Text150,
    Text200,
    TimeText,
    ValueAddedText,
    Whole,
    ZoneText,
    whole,
)


class InfoText(Part):
    lang: Must[LanguageText] = None
    value: Must[Text150] = None


class AddressIso19773(Part):
    Country: Must[CountryText] = None
    City: Must[Annotated[str | None, Text(least=1, most=50)]] = None
    Street: Must[Annotated[str | None, Text(least=2, most=100)]] = None
    PostalCode: Must[Text10] = None
    HouseNum: Must[Text10] = None
    Floor: Text5 = None
    Region: Text50 = None
    ParkingFacility: Boolean = None
    ParkingSpot: Text5 = None
    TimeZone: ZoneText = None


class ChargingFacility(Part):
    """`Power` in kW: a whole number when we write, any decimal when we read."""

    PowerType: Must[PowerTypeText] = None
    Power: Must[
        Annotated[Decimal | None, Number(places=0, least=Decimal(0), most=Decimal(999), lenient_places=True)]
    ] = None
    Voltage: Annotated[int | None, whole(999)] = None
    Amperage: Annotated[int | None, whole(99)] = None
    ChargingModes: list[ChargingModeText] | None = None


class EnergySourceType(Part):
    Energy: EnergySourceText = None
    Percentage: Annotated[int | None, whole(99)] = None


class EnvironmentalImpactType(Part):
    """Grams per kWh."""

    CO2Emission: Energy = None
    NuclearWaste: Energy = None


class PeriodType(Part):
    """`hh:mm` at the charge point; `24:00` occurs as an end."""

    begin: Must[HourText] = None
    end: Must[HourText] = None


class OpeningTimesType(Part):
    Period: Annotated[Filled[list[PeriodType | None] | None], Also("Periods"), OneIsEnough()] = None
    on: Annotated[Must[DayText], Also("On")] = None


class EvseDataRecordType(Part):
    """One EVSE as its operator describes it. `deltaType` and `lastUpdate` are the hub's."""

    EvseID: Must[EvseIDText] = None
    ChargingPoolID: PoolIDText = None
    ChargingStationID: Annotated[Text50, Also("ChargingStationId")] = None
    ChargingStationNames: Filled[list[InfoText | None] | None] = None
    HardwareManufacturer: Text50 = None
    ChargingStationImage: Text200 = None
    SubOperatorName: Text100 = None
    Address: Must[AddressIso19773 | None] = None
    GeoCoordinates: Must[GeoCoordinatesType | None] = None
    GeoChargingPointEntrance: GeoCoordinatesType | None = None
    Plugs: Filled[list[PlugText] | None] = None
    DynamicPowerLevel: Boolean = None
    ChargingFacilities: Filled[list[ChargingFacility | None] | None] = None
    RenewableEnergy: Must[Boolean] = None
    EnergySource: list[EnergySourceType | None] | None = None
    EnvironmentalImpact: EnvironmentalImpactType | None = None
    CalibrationLawDataAvailability: Must[CalibrationText] = None
    AuthenticationModes: Filled[list[AuthenticationModeText] | None] = None
    MaxCapacity: Whole = None
    PaymentOptions: Filled[list[PaymentText] | None] = None
    ValueAddedServices: Filled[list[ValueAddedText] | None] = None
    Accessibility: Must[AccessibilityText] = None
    AccessibilityLocation: AccessibilityLocationText = None
    HotlinePhoneNumber: Must[PhoneText] = None
    AdditionalInfo: list[InfoText | None] | None = None
    ChargingStationLocationReference: list[InfoText | None] | None = None
    IsOpen24Hours: Must[Boolean] = None
    OpeningTimes: list[OpeningTimesType | None] | None = None
    HubOperatorID: Annotated[OperatorIDText, Also("HubOperatorId")] = None
    ClearinghouseID: Text20 = None
    IsHubjectCompatible: Must[Boolean] = None
    DynamicInfoAvailable: Must[DynamicText] = None
    deltaType: DeltaText = None
    lastUpdate: TimeText = None


class PulledEvseDataRecord(EvseDataRecordType):
    """A record as the hub hands it out, with the partner that pushed it."""

    OperatorID: Annotated[Must[OperatorIDText], Also("OperatorId")] = None
    OperatorName: Must[Text100] = None


class OperatorEvseDataType(Part):
    OperatorID: Must[OperatorIDText] = None
    OperatorName: Must[Text100] = None
    EvseDataRecord: Must[list[EvseDataRecordType | None] | None] = None


class PushEvseData(Message):
    """A `fullLoad` with an empty list takes every EVSE out of roaming."""

    ActionType: Must[ActionText] = None
    OperatorEvseData: Must[OperatorEvseDataType | None] = None


class PullEvseData(Message):
    """`LastCall` asks for what changed since; it goes with no other place or operator filter."""

    ProviderID: Must[ProviderIDText] = None
    GeoCoordinatesResponseFormat: Must[CoordinateFormatText] = None
    LastCall: TimeText = None
    SearchCenter: SearchCenterType | None = None
    CountryCodes: list[CountryText] | None = None
    OperatorIds: Annotated[list[OperatorIDText] | None, Also("OperatorIDs")] = None
    AuthenticationModes: list[AuthenticationModeText] | None = None
    Accessibility: list[AccessibilityText] | None = None
    CalibrationLawDataAvailability: list[CalibrationText] | None = None
    RenewableEnergy: Boolean = None
    IsHubjectCompatible: Boolean = None
    IsOpen24Hours: Boolean = None


class EvseDataPage(Page):
    content: Must[list[PulledEvseDataRecord | None] | None] = None


class EvseDataEnvelope(Page):
    """A page whose records are left as they are, for somebody who reads very many."""

    content: list[msgspec.Raw] | None = None


class EvseStatusRecordType(Part):
    EvseID: Must[EvseIDText] = None
    EvseStatus: Annotated[Must[EvseStatusText], Also("EVSEStatus")] = None


class OperatorEvseStatusType(Part):
    OperatorID: Annotated[Must[OperatorIDText], Also("OperatorId")] = None
    OperatorName: Text100 = None
    EvseStatusRecord: Must[list[EvseStatusRecordType | None] | None] = None


class PushEvseStatus(Message):
    ActionType: Must[ActionText] = None
    OperatorEvseStatus: Must[OperatorEvseStatusType | None] = None


class PullEvseStatus(Message):
    ProviderID: Must[ProviderIDText] = None
    SearchCenter: SearchCenterType | None = None
    EvseStatus: Annotated[EvseStatusText, Also("EVSEStatus")] = None


class PullEvseStatusByID(Message):
    ProviderID: Must[ProviderIDText] = None
    EvseID: Annotated[Filled[list[EvseIDText] | None], Size(100)] = None


class PullEvseStatusByOperatorID(Message):
    ProviderID: Must[ProviderIDText] = None
    OperatorID: Filled[list[OperatorIDText] | None] = None


class EvseStatusesType(Part):
    OperatorEvseStatus: Must[list[OperatorEvseStatusType | None] | None] = None


class EvseStatus(Answer):
    """The answer to a pull of all, or by operator. It carries no time: ours of asking is the only one."""

    EvseStatuses: Must[EvseStatusesType | None] = None
    StatusCode: StatusCodeType | None = None


class EvseStatusRecordsType(Part):
    EvseStatusRecord: Must[list[EvseStatusRecordType | None] | None] = None


class EvseStatusByID(Answer):
    """The answer to a pull by EVSE id, in a shape of its own."""

    EVSEStatusRecords: Annotated[Must[EvseStatusRecordsType | None], Also("EvseStatusRecords")] = None
    StatusCode: StatusCodeType | None = None
