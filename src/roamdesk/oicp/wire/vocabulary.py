"""The published patterns and value lists (sections 7 and 8), as types of members."""

from decimal import Decimal
from typing import Annotated

from roamdesk.oicp.wire.iso import COUNTRIES, CURRENCIES
from roamdesk.oicp.wire.rules import Flag, Number, OneOf, Text, Time


def one_of(*values: str, **also: str) -> OneOf:
    return OneOf(frozenset(values), {spelling.replace("_", " "): value for spelling, value in also.items()})


# Identifiers
EVSE_ID = Text(
    "EvseID",
    r"(([A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9\*]{1,30})|(\+?[0-9]{1,3}\*[0-9]{3}\*[0-9\*]{1,32}))",
)
OPERATOR_ID = Text("OperatorID", r"(([A-Za-z]{2}\*?[A-Za-z0-9]{3})|(\+?[0-9]{1,3}\*[0-9]{3}))")
PROVIDER_ID = Text("ProviderID", r"([A-Za-z]{2}\-?[A-Za-z0-9]{3}|[A-Za-z]{2}[\*|-]?[A-Za-z0-9]{3})")
EVCO_ID = Text(
    "EvcoID",
    r"(([A-Za-z]{2}\-?[A-Za-z0-9]{3}\-?C[A-Za-z0-9]{8}\-?[\d|A-Za-z])"
    r"|([A-Za-z]{2}[\*|\-]?[A-Za-z0-9]{3}[\*|\-]?[A-Za-z0-9]{6}[\*|\-]?[\d|X]))",
)
SESSION_ID = Text("SessionID", r"[A-Za-z0-9]{8}(-[A-Za-z0-9]{4}){3}-[A-Za-z0-9]{12}")

EvseIDText = Annotated[str | None, EVSE_ID]
OperatorIDText = Annotated[str | None, OPERATOR_ID]
ProviderIDText = Annotated[str | None, PROVIDER_ID]
AnyProviderText = Annotated[str | None, Text("ProviderID", rf"\*|{PROVIDER_ID.pattern}")]
EvcoIDText = Annotated[str | None, EVCO_ID]
SessionIDText = Annotated[str | None, SESSION_ID]
UIDText = Annotated[str | None, Text("UID", r"[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20}")]
HashText = Annotated[str | None, Text("Hash", r"[0-9A-Za-z\\.+/=$]{10,100}")]
PoolIDText = Annotated[str | None, Text("ChargingPoolID", r"[A-Za-z]{2}\*?[A-Za-z0-9]{3}\*?P[A-Za-z0-9\*]{1,30}")]
PartnerSessionText = Annotated[str | None, Text(most=250)]
ProductText = Annotated[str | None, Text(most=50)]

# Plain values
Text5 = Annotated[str | None, Text(most=5)]
Text10 = Annotated[str | None, Text(most=10)]
Text20 = Annotated[str | None, Text(most=20)]
Text50 = Annotated[str | None, Text(most=50)]
Text100 = Annotated[str | None, Text(most=100)]
Text150 = Annotated[str | None, Text(most=150)]
Text200 = Annotated[str | None, Text(most=200)]
Text250 = Annotated[str | None, Text(most=250)]
Text400 = Annotated[str | None, Text(most=400)]
Text1000 = Annotated[str | None, Text(most=1000)]
Text3000 = Annotated[str | None, Text(most=3000)]
AnyText = Annotated[str | None, Text()]
TimeText = Annotated[str | None, Time()]
Boolean = Annotated[bool | None, Flag()]
Energy = Annotated[Decimal | None, Number()]
Price = Annotated[Decimal | None, Number(places=12)]  # no number of decimals is published
Whole = Annotated[int | None, Number(places=0, least=Decimal(0))]


def whole(most: int, least: int = 0) -> Number:
    return Number(places=0, least=Decimal(least), most=Decimal(most))


# Places, times of day, languages
LanguageText = Annotated[
    str | None,
    Text("LanguageCode", r"[a-z]{2,3}(?:-[A-Z]{2,3}(?:-[a-zA-Z]{4})?)?(?:-x-[a-zA-Z0-9]{1,8})?"),
]
CountryText = Annotated[str | None, one_of(*COUNTRIES)]
CurrencyText = Annotated[str | None, one_of(*CURRENCIES)]
ZoneText = Annotated[str | None, Text("TimeZone", r"[U][T][C][+,-][0-9][0-9][:][0-9][0-9]")]
PhoneText = Annotated[str | None, Text("PhoneNumber", r"\+[0-9]{5,15}")]
HourText = Annotated[str | None, Text("Period", r"[0-9]{2}:[0-9]{2}")]
_DEGREES = r"-?1?\d{1,2}\.\d{1,6}"
GoogleText = Annotated[str | None, Text("Google", rf"{_DEGREES}\s*\,?\s*{_DEGREES}")]
DecimalDegreeText = Annotated[str | None, Text("Dec", _DEGREES)]
DegreeMinuteText = Annotated[str | None, Text("DMS", r"-?1?\d{1,2}°[ ]?\d{1,2}'[ ]?\d{1,2}\.\d+''")]

# Enumerations
ActionText = Annotated[str | None, one_of("fullLoad", "update", "insert", "delete")]
AuthorizationText = Annotated[str | None, one_of("Authorized", "NotAuthorized")]
EvseStatusText = Annotated[
    str | None, one_of("Available", "Reserved", "Occupied", "OutOfService", "EvseNotFound", "Unknown")
]
ErrorText = Annotated[
    str | None,
    one_of("ConnectorError", "CriticalError", Connector_Error="ConnectorError", Critical_Error="CriticalError"),
]
AccessibilityText = Annotated[
    str | None,
    one_of("Free publicly accessible", "Restricted access", "Paying publicly accessible", "Test Station"),
]
AccessibilityLocationText = Annotated[
    str | None, one_of("OnStreet", "ParkingLot", "ParkingGarage", "UndergroundParkingGarage")
]
AuthenticationModeText = Annotated[
    str | None,
    one_of("NFC RFID Classic", "NFC RFID DESFire", "PnC", "REMOTE", "Direct Payment", "No Authentication Required"),
]
PaymentText = Annotated[str | None, one_of("No Payment", "Direct", "Contract")]
ValueAddedText = Annotated[
    str | None,
    one_of(
        "Reservation", "DynamicPricing", "ParkingSensors", "MaximumPowerCharging", "PredictiveChargePointUsage",
        "ChargingPlans", "RoofProvided", "None",
    ),
]  # fmt: skip
PowerTypeText = Annotated[str | None, one_of("AC_1_PHASE", "AC_3_PHASE", "DC")]
ChargingModeText = Annotated[str | None, one_of("Mode_1", "Mode_2", "Mode_3", "Mode_4", "CHAdeMO")]
PlugText = Annotated[
    str | None,
    one_of(
        "Small Paddle Inductive", "Large Paddle Inductive", "AVCON Connector", "Tesla Connector", "NEMA 5-20",
        "Type E French Standard", "Type F Schuko", "Type G British Standard", "Type J Swiss Standard",
        "Type 1 Connector (Cable Attached)", "Type 2 Outlet", "Type 2 Connector (Cable Attached)", "Type 3 Outlet",
        "IEC 60309 Single Phase", "IEC 60309 Three Phase", "CCS Combo 2 Plug (Cable Attached)",
        "CCS Combo 1 Plug (Cable Attached)", "CHAdeMO",
    ),
]  # fmt: skip
CalibrationText = Annotated[str | None, one_of("Local", "External", "Not Available")]
MeteringStatusText = Annotated[str | None, one_of("Start", "Progress", "End")]
RFIDText = Annotated[str | None, one_of("mifareCls", "mifareDes", "calypso", "nfc", "mifareFamily")]
HashFunctionText = Annotated[str | None, one_of("Bcrypt")]
LegacyHashFunctionText = Annotated[str | None, one_of("MD5", "SHA-1")]
EnergySourceText = Annotated[
    str | None,
    one_of(
        "Solar", "Wind", "HydroPower", "GeothermalEnergy", "Biomass", "Coal", "NuclearEnergy", "Petroleum", "NaturalGas"
    ),
]
DayText = Annotated[
    str | None,
    one_of(
        "Everyday", "Workdays", "Weekend", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
    ),
]
DeltaText = Annotated[str | None, one_of("insert", "update", "delete")]
DynamicText = Annotated[str | None, one_of("true", "false", "auto")]
CoordinateFormatText = Annotated[str | None, one_of("Google", "DecimalDegree", "DegreeMinuteSeconds")]
ReferenceUnitText = Annotated[str | None, one_of("HOUR", "KILOWATT_HOUR", "MINUTE")]
AdditionalReferenceText = Annotated[
    str | None, one_of("START FEE", "FIXED FEE", "PARKING FEE", "MINIMUM FEE", "MAXIMUM FEE")
]
