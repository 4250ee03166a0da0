"""Users of VoltPass, and where each of them charges in the demo."""

from __future__ import annotations

from dataclasses import dataclass

from roamdesk.charging.models import RoamingUser, Token
from roamdesk.desks.models import Desk
from roamdesk.partners.numbers import phone_number


@dataclass(frozen=True)
class Driver:
    """``place`` counts the sockets of the station; 0 where the User does not charge now."""

    name: str
    phone: str
    token: str
    contract: str
    printed: str
    station: str = ""
    place: int = 0


LEA = Driver("Lea Sommer", "+49 151 5550 1204", "04A25B1C9D4F80", "DE-VPS-C00120417", "4711 0012", "BER-WAR-058", 1)
TOM = Driver("Tom Richter", "+49 151 5550 2318", "04B16E2F8A3C91", "DE-VPS-C00231884", "4711 0023", "BER-WAR-058", 2)
ANA = Driver("Ana Costa", "+49 151 5550 3072", "0419C0DE72A155", "DE-VPS-C00307251", "4711 0030", "BER-OST-012", 1)
JAN = Driver("Jan Verhoeven", "+49 151 5550 4450", "0488F1A63B0C2E", "DE-VPS-C00445096", "4711 0044", "POT-NEU-007", 1)
NORA = Driver("Nora Lind", "+49 151 5550 5126", "04D35577E1904B", "DE-VPS-C00512633", "4711 0051", "BER-TEG-003", 1)
EMIL = Driver("Emil Novak", "+49 151 5550 6689", "045E02C4917AD8", "DE-VPS-C00668942", "4711 0066", "BER-ALX-002", 1)
SOFIA = Driver("Sofia Rossi", "+49 151 5550 7793", "047B9A10EE6C3F", "DE-VPS-C00779328", "4711 0077", "POT-SAN-021", 1)
MILO = Driver("Milo Hansen", "+49 151 5550 8815", "04C1138D4F2B60", "DE-VPS-C00881507", "4711 0088")
DRIVERS = (LEA, TOM, ANA, JAN, NORA, EMIL, SOFIA, MILO)


def seed_drivers(msp: Desk, cpo: Desk) -> None:
    """VoltPass knows its Users; Nordlade knows of a token only the contract behind it. Scopes disabled."""
    for driver in DRIVERS:
        phone = phone_number(driver.phone, "DE")
        user, _ = RoamingUser.objects.get_or_create(desk=msp, phone=phone, defaults={"name": driver.name})
        _token(msp, driver, {"user": user, "printed_number": driver.printed})
        _token(cpo, driver, {})


def _token(desk: Desk, driver: Driver, more: dict[str, object]) -> None:
    Token.objects.get_or_create(desk=desk, value=driver.token, defaults={"contract_id": driver.contract, **more})
