"""The compound types that several messages share (section 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from roamdesk.oicp.codes import Code
from roamdesk.oicp.wire.message import Must, Part
from roamdesk.oicp.wire.rules import Also, Number, Time
from roamdesk.oicp.wire.vocabulary import (
    AnyText,
    DecimalDegreeText,
    DegreeMinuteText,
    Energy,
    EvcoIDText,
    GoogleText,
    HashFunctionText,
    HashText,
    LegacyHashFunctionText,
    MeteringStatusText,
    RFIDText,
    Text20,
    Text50,
    Text100,
    Text150,
    Text200,
    Text400,
    Text1000,
    Text3000,
    UIDText,
    one_of,
)


class StatusCodeType(Part):
    """`Code` is three digits as text, leading zeros kept; its meaning stands in `codes`."""

    Code: Must[Annotated[str | None, one_of(*Code)]] = None
    Description: Text200 = None
    AdditionalInfo: Text1000 = None


class MifareIdentification(Part):
    UID: Must[UIDText] = None


class RFIDIdentificationType(Part):
    UID: Must[UIDText] = None
    RFID: Must[RFIDText] = None
    EvcoID: EvcoIDText = None
    PrintedNumber: Text150 = None
    ExpiryDate: Annotated[str | None, Time()] = None


class LegacyHash(Part):
    Function: Must[LegacyHashFunctionText] = None
    Salt: Text100 = None
    Value: Text20 = None


class HashedPINType(Part):
    Value: Must[HashText] = None
    Function: Must[HashFunctionText] = None
    LegacyHashData: LegacyHash | None = None


class QRCodeIdentificationType(Part):
    """The PIN is secret: never log or show it."""

    EvcoID: Must[EvcoIDText] = None
    PIN: Text20 = None
    HashedPIN: HashedPINType | None = None


class ContractIdentification(Part):
    """Plug & Charge, or a start from an app."""

    EvcoID: Must[EvcoIDText] = None


class IdentificationType(Part):
    """Exactly one of its members."""

    RFIDMifareFamilyIdentification: MifareIdentification | None = None
    RFIDIdentification: RFIDIdentificationType | None = None
    QRCodeIdentification: QRCodeIdentificationType | None = None
    PlugAndChargeIdentification: ContractIdentification | None = None
    RemoteIdentification: Annotated[ContractIdentification | None, Also("RemoteReservationIdentification")] = None


class GoogleCoordinates(Part):
    """Latitude, blank or comma, longitude; as text."""

    Coordinates: Must[GoogleText] = None


class DecimalDegreeCoordinates(Part):
    Longitude: Must[DecimalDegreeText] = None
    Latitude: Must[DecimalDegreeText] = None


class DegreeMinuteSecondCoordinates(Part):
    Longitude: Must[DegreeMinuteText] = None
    Latitude: Must[DegreeMinuteText] = None


class GeoCoordinatesType(Part):
    """Exactly one of its members."""

    Google: GoogleCoordinates | None = None
    DecimalDegree: DecimalDegreeCoordinates | None = None
    DegreeMinuteSeconds: DegreeMinuteSecondCoordinates | None = None


class SearchCenterType(Part):
    """`Radius` in km around the place."""

    GeoCoordinates: Must[GeoCoordinatesType | None] = None
    Radius: Must[Annotated[Decimal | None, Number(places=1, least=Decimal(0), most=Decimal("999.9"))]] = None


class MeterValues(Part):
    """Readings in kWh between start and end."""

    meterValues: list[Energy] | None = None


class SignedMeteringValueType(Part):
    """Longer values than published do pass and are never cut."""

    SignedMeteringValue: Text3000 = None
    MeteringStatus: MeteringStatusText = None


class CalibrationLawInfo(Part):
    CalibrationLawCertificateID: Text100 = None
    PublicKey: Text1000 = None
    MeteringSignatureUrl: Text200 = None
    MeteringSignatureEncodingFormat: Text50 = None
    SignedMeteringValuesVerificationInstruction: Text400 = None
    MeteringCheck: AnyText = None
