"""Times and energies as stations write them."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from roamdesk.ocpp.frames import ErrorCode
from roamdesk.ocpp.schemas import WrongPayload

MAX_KWH = Decimal(10) ** 7
MILLIWATT_HOUR = Decimal("0.000001")


def read_instant(text: str) -> datetime:
    """RFC 3339 text to aware UTC; a station that leaves the zone out means UTC. Raises WrongPayload."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongPayload(f"{text!r:.40} is no RFC 3339 time", ErrorCode.TYPE) from None


def write_instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_energy(value: str | int | Decimal, unit: str, multiplier: int = 0) -> Decimal | None:
    """kWh of a register value in Wh or kWh times ten to the `multiplier`; None when not usable."""
    scale = _EXPONENT_OF_UNIT.get(unit)
    if scale is None or abs(multiplier) > 9:
        return None
    try:
        number = Decimal(value)
        if not number.is_finite() or abs(number) > 10**15:
            return None
        energy = number.scaleb(scale + multiplier)
    except InvalidOperation:
        return None
    return energy.quantize(MILLIWATT_HOUR) if abs(energy) <= MAX_KWH else None


_EXPONENT_OF_UNIT = {"Wh": -3, "kWh": 0}
