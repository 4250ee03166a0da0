"""The status codes: what each says, and how a support desk reads it (section 9)."""

from enum import StrEnum


class Code(StrEnum):
    SUCCESS = "000"
    HUB_SYSTEM_ERROR = "001"
    HUB_DATABASE_ERROR = "002"
    TRANSACTION_ERROR = "009"
    UNAUTHORIZED = "017"
    INCONSISTENT_EVSE = "018"
    INCONSISTENT_CONTRACT = "019"
    SYSTEM_ERROR = "021"
    DATA_ERROR = "022"
    QR_INVALID = "101"
    RFID_INVALID = "102"
    RFID_UNREADABLE = "103"
    PLUG_AND_CHARGE_INVALID = "105"
    NOBODY_ACCEPTED = "106"
    QR_TIMEOUT = "110"
    CONTRACT_INVALID = "120"
    CONTRACT_CERTIFICATE_INVALID = "121"
    CONTRACT_TIMEOUT = "122"
    CONTRACT_LOCKED = "200"
    NO_CONTRACT = "210"
    PARTNER_NOT_FOUND = "300"
    PARTNER_SILENT = "310"
    SERVICE_NOT_AVAILABLE = "320"
    SESSION_INVALID = "400"
    EVSE_SILENT = "501"
    NO_VEHICLE = "510"
    ALREADY_RESERVED = "601"
    IN_USE = "602"
    UNKNOWN_EVSE = "603"
    EVSE_NOT_COMPATIBLE = "604"
    EVSE_OUT_OF_SERVICE = "700"


DESCRIPTIONS: dict[str, str] = {
    Code.SUCCESS: "Success",
    Code.HUB_SYSTEM_ERROR: "Hubject system error",
    Code.HUB_DATABASE_ERROR: "Hubject database error",
    Code.TRANSACTION_ERROR: "Data transaction error",
    Code.UNAUTHORIZED: "Unauthorized Access",
    Code.INCONSISTENT_EVSE: "Inconsistent EvseID",
    Code.INCONSISTENT_CONTRACT: "Inconsistent EvcoID",
    Code.SYSTEM_ERROR: "System error",
    Code.DATA_ERROR: "Data error",
    Code.QR_INVALID: "QR Code Authentication failed: Invalid Credentials",
    Code.RFID_INVALID: "RFID Authentication failed: invalid UID",
    Code.RFID_UNREADABLE: "RFID Authentication failed: card not readable",
    Code.PLUG_AND_CHARGE_INVALID: "PLC Authentication failed: invalid EvcoID",
    Code.NOBODY_ACCEPTED: "No positive authentication response",
    Code.QR_TIMEOUT: "QR Code App Authentication failed: time out error",
    Code.CONTRACT_INVALID: "PLC (ISO/IEC 15118) Authentication failed: invalid underlying EvcoID",
    Code.CONTRACT_CERTIFICATE_INVALID: "PLC (ISO/IEC 15118) Authentication failed: invalid certificate",
    Code.CONTRACT_TIMEOUT: "PLC (ISO/IEC 15118) Authentication failed: time out error",
    Code.CONTRACT_LOCKED: "EvcoID locked",
    Code.NO_CONTRACT: "No valid contract",
    Code.PARTNER_NOT_FOUND: "Partner not found",
    Code.PARTNER_SILENT: "Partner did not respond",
    Code.SERVICE_NOT_AVAILABLE: "Service not available",
    Code.SESSION_INVALID: "Session is invalid",
    Code.EVSE_SILENT: "Communication to EVSE failed",
    Code.NO_VEHICLE: "No EV connected to EVSE",
    Code.ALREADY_RESERVED: "EVSE already reserved",
    Code.IN_USE: "EVSE already in use/wrong token",
    Code.UNKNOWN_EVSE: "Unknown EVSE ID",
    Code.EVSE_NOT_COMPATIBLE: "EVSE ID is not Hubject compatible",
    Code.EVSE_OUT_OF_SERVICE: "EVSE out of service",
}

READINGS: dict[str, str] = {
    Code.HUB_SYSTEM_ERROR: "The hub has a fault. Try again later, and keep the Process-ID.",
    Code.HUB_DATABASE_ERROR: "The hub has a fault. Try again later.",
    Code.TRANSACTION_ERROR: "The hub took nothing of this push: look at the additional info.",
    Code.UNAUTHORIZED: "The hub does not accept our certificate for this id, or one of the partners is locked.",
    Code.INCONSISTENT_EVSE: "An EVSE id is another operator's, or stands there twice.",
    Code.INCONSISTENT_CONTRACT: "A contract id is another provider's.",
    Code.SYSTEM_ERROR: "The partner's general failure: read the description, or phone.",
    Code.DATA_ERROR: "The content was refused: read the additional info.",
    Code.RFID_INVALID: "The MSP does not know this card.",
    Code.NOBODY_ACCEPTED: "No MSP accepted this token.",
    Code.CONTRACT_LOCKED: "The MSP has blocked this contract.",
    Code.NO_CONTRACT: "There is no active offer or subscription between the two companies: see the hub's portal.",
    Code.PARTNER_NOT_FOUND: "The hub does not know a partner of this id.",
    Code.PARTNER_SILENT: "The other company did not answer the hub. What it did is not known: phone it.",
    Code.SERVICE_NOT_AVAILABLE: "The other company does not offer this, or is blocked.",
    Code.SESSION_INVALID: "The session is closed, unknown there, or another MSP's. After a repeat: perhaps it worked.",
    Code.EVSE_SILENT: "The CPO can't reach the charging station.",
    Code.NO_VEHICLE: "No vehicle is connected.",
    Code.ALREADY_RESERVED: "The EVSE is reserved already.",
    Code.IN_USE: "The EVSE is in use, or by another token.",
    Code.UNKNOWN_EVSE: "The hub has no record of this EVSE.",
    Code.EVSE_NOT_COMPATIBLE: "The EVSE takes no remote start or stop through the hub.",
    Code.EVSE_OUT_OF_SERVICE: "The EVSE is out of service.",
}


def reading_of(code: str) -> str:
    """What a code means for the desk, in a sentence."""
    described = DESCRIPTIONS.get(code)
    return READINGS.get(code) or (f"{described}." if described else f"A status code that no document knows: {code}.")
