"""What the demo desks know of their partners: contact forms, as full or as poor as in life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.services import save_line

Purpose = ContactLine.Purpose
BACK_OFFICE_HOURS = "Mon-Fri 08:00-17:00"
OFFICE_DAY = "Mon-Fri 08:00-18:00"


@dataclass(frozen=True)
class Line:
    """One line of a contact form; ``age`` in days since it was verified, None for never."""

    role: str
    purpose: str
    value: str
    hours: str = "24/7"
    languages: tuple[str, ...] = ("en", "de")
    person: str = ""
    priority: int = 1
    age: float | None = 12


NORDLADE = (
    Line("cpo", Purpose.FIRST_LEVEL, "+49 30 5550 142"),
    Line("cpo", Purpose.FIRST_LEVEL, "+49 30 5550 177", languages=("de",), priority=2, age=41),
    Line("cpo", Purpose.HOTLINE, "+49 800 5550 20", "Mon-Sun 07:00-22:00", ("de",), priority=3, age=3),
    Line("cpo", Purpose.BACK_OFFICE, "backoffice@nordlade.example", BACK_OFFICE_HOURS, age=9),
    Line("cpo", Purpose.REFERENCE_PERSON, "+49 30 5550 199", OFFICE_DAY, person="H. Brandt", age=30),
    Line("cpo", Purpose.REFERENCE_PERSON, "h.brandt@nordlade.example", OFFICE_DAY, person="H. Brandt", age=30),
)
VOLTPASS = (
    Line("msp", Purpose.CALL_CENTRE, "+49 89 5550 99", languages=("en", "de", "it"), age=3),
    Line("msp", Purpose.MSP_SUPPORT, "support@voltpass.example", age=3),
    Line("msp", Purpose.BACK_OFFICE, "backoffice@voltpass.example", BACK_OFFICE_HOURS, age=9),
    Line("msp", Purpose.REFERENCE_PERSON, "+49 89 5550 31", "Mon-Sun 20:00-08:00", person="F. Okafor", age=60),
    Line("msp", Purpose.REFERENCE_PERSON, "focal.points@voltpass.example", person="F. Okafor", age=60),
)
KILOWERK = (
    Line("cpo", Purpose.FIRST_LEVEL, "+31 30 555 0142", languages=("nl", "en"), age=5),
    Line("cpo", Purpose.BACK_OFFICE, "backoffice@kilowerk.example", BACK_OFFICE_HOURS, ("nl", "en"), age=5),
    Line("cpo", Purpose.REFERENCE_PERSON, "+31 30 555 0188", OFFICE_DAY, ("nl", "en"), "J. de Wit", age=5),
    Line("cpo", Purpose.REFERENCE_PERSON, "j.dewit@kilowerk.example", OFFICE_DAY, ("nl", "en"), "J. de Wit", age=5),
)
BRIGHTLANE = (
    Line("cpo", Purpose.FIRST_LEVEL, "+49 381 5550 112", age=5),
    Line("cpo", Purpose.BACK_OFFICE, "backoffice@brightlane.example", BACK_OFFICE_HOURS, age=20),
    Line("cpo", Purpose.REFERENCE_PERSON, "+49 381 5550 140", OFFICE_DAY, person="C. Adler", age=194),
    Line("cpo", Purpose.REFERENCE_PERSON, "c.adler@brightlane.example", OFFICE_DAY, person="C. Adler", age=194),
)
SUDVOLT = (
    Line("cpo", Purpose.FIRST_LEVEL, "+33 4 72 55 50 12", "Mon-Sun 07:00-20:00", ("en", "fr"), age=15),
    Line("cpo", Purpose.FIRST_LEVEL, "+33 4 72 55 50 13", "Mon-Sun 20:00-07:00", ("fr",), priority=2, age=15),
    Line("cpo", Purpose.BACK_OFFICE, "support@sudvolt.example", BACK_OFFICE_HOURS, ("fr",), age=15),
)
ELBWATT = (Line("cpo", Purpose.FIRST_LEVEL, "+49 40 5550 118", languages=("de",), age=None),)
ALPENSTROM = (
    Line("cpo", Purpose.FIRST_LEVEL, "+43 1 5550 142", age=21),
    Line("cpo", Purpose.BACK_OFFICE, "betrieb@alpenstrom.example", BACK_OFFICE_HOURS, age=21),
    Line("cpo", Purpose.REFERENCE_PERSON, "+43 1 5550 160", OFFICE_DAY, person="L. Gruber", age=21),
    Line("cpo", Purpose.REFERENCE_PERSON, "l.gruber@alpenstrom.example", OFFICE_DAY, person="L. Gruber", age=21),
)
LUMETRIC = (
    Line("cpo", Purpose.FIRST_LEVEL, "+39 06 5550 1142", languages=("it", "en"), age=44),
    Line("cpo", Purpose.BACK_OFFICE, "interop@lumetric.example", BACK_OFFICE_HOURS, ("it", "en"), age=44),
    Line("cpo", Purpose.REFERENCE_PERSON, "+39 06 5550 1190", OFFICE_DAY, ("it", "en"), "G. Ferri", age=44),
    Line("cpo", Purpose.REFERENCE_PERSON, "g.ferri@lumetric.example", OFFICE_DAY, ("it", "en"), "G. Ferri", age=44),
    Line("msp", Purpose.CALL_CENTRE, "+39 06 5550 1150", languages=("it", "en"), age=44),
    Line("msp", Purpose.MSP_SUPPORT, "assistenza@lumetric.example", languages=("it", "en"), age=44),
    Line("msp", Purpose.BACK_OFFICE, "interop@lumetric.example", BACK_OFFICE_HOURS, ("it", "en"), age=44),
    Line("msp", Purpose.REFERENCE_PERSON, "+39 06 5550 1190", OFFICE_DAY, ("it", "en"), "G. Ferri", age=44),
    Line("msp", Purpose.REFERENCE_PERSON, "g.ferri@lumetric.example", OFFICE_DAY, ("it", "en"), "G. Ferri", age=44),
)
PLEISSEWATT = (
    Line("cpo", Purpose.FIRST_LEVEL, "+49 341 5550 142", age=33),
    Line("cpo", Purpose.FIRST_LEVEL, "+49 341 5550 150", "Mon-Fri 07:00-19:00", ("de",), priority=2, age=33),
    Line("cpo", Purpose.BACK_OFFICE, "leitstelle@pleissewatt.example", BACK_OFFICE_HOURS, age=33),
)
IBERVOLT = (
    Line("cpo", Purpose.FIRST_LEVEL, "+34 915 550 142", "Mon-Sat 08:00-22:00", ("es", "en"), age=70),
    Line("cpo", Purpose.BACK_OFFICE, "soporte@ibervolt.example", BACK_OFFICE_HOURS, ("es", "en"), age=70),
    Line("cpo", Purpose.REFERENCE_PERSON, "+34 915 550 160", OFFICE_DAY, ("es", "en"), "P. Ruiz", age=70),
    Line("cpo", Purpose.REFERENCE_PERSON, "p.ruiz@ibervolt.example", OFFICE_DAY, ("es", "en"), "P. Ruiz", age=70),
)

MSP_PARTNERS: dict[str, tuple[dict[str, Any], tuple[Line, ...]]] = {
    "Nordlade": ({"operator_ids": ["DE*NDL"], "region": "BE"}, NORDLADE),
    "Kilowerk": ({"operator_ids": ["NL*KWK"], "country": "NL", "zone": "Europe/Amsterdam"}, KILOWERK),
    "Brightlane": ({"operator_ids": ["DE*BLX"], "region": "MV"}, BRIGHTLANE),
    "Sudvolt": ({"operator_ids": ["FR*SUD"], "country": "FR", "zone": "Europe/Paris"}, SUDVOLT),
    "Elbwatt": ({"operator_ids": ["DE*ELB"], "region": "HH"}, ELBWATT),
    "Alpenstrom": (
        {"operator_ids": ["AT*ALP"], "country": "AT", "zone": "Europe/Vienna", "region": "9"},
        ALPENSTROM,
    ),
    "Lumetric": (
        {
            "operator_ids": ["IT*LUM"],
            "provider_ids": ["IT-LUM"],
            "plays_msp": True,
            "country": "IT",
            "zone": "Europe/Rome",
            "region": "",
        },
        LUMETRIC,
    ),
    # Runs some of Brightlane's stations, under Brightlane's operator id.
    "Pleissewatt": ({"evse_prefixes": ["DE*BLX*E10"], "region": "SN"}, PLEISSEWATT),
    "Ibervolt": ({"operator_ids": ["ES*IBV"], "country": "ES", "zone": "Europe/Madrid", "region": "MD"}, IBERVOLT),
    # Has not filled in a line yet.
    "Fjordlad": ({"operator_ids": ["DK*FJL"], "country": "DK", "zone": "Europe/Copenhagen", "region": ""}, ()),
}
NOT_AGREED = frozenset({"Sudvolt", "Elbwatt", "Pleissewatt", "Fjordlad"})


def seed_partners(msp: Desk, cpo: Desk, at: datetime) -> None:
    """Each desk's partners, in the scope of none: run it with scopes disabled."""
    for name, (values, lines) in MSP_PARTNERS.items():
        _seed(msp, name, {"plays_cpo": True, **values}, lines, at)
    _seed(cpo, "VoltPass", {"plays_msp": True, "provider_ids": ["DE-VPS"], "region": "BY"}, VOLTPASS, at)


def _seed(desk: Desk, name: str, values: dict[str, Any], lines: tuple[Line, ...], at: datetime) -> None:
    agreed = name not in NOT_AGREED
    published = at - timedelta(days=60) if agreed else None
    partner, fresh = Partner.objects.get_or_create(
        desk=desk, name=name, defaults=values | {"procedures_agreed": agreed, "form_published_at": published}
    )
    if fresh:
        for line in lines:
            _save(partner, line, at)


def _save(partner: Partner, line: Line, at: datetime) -> None:
    kept = save_line(
        partner,
        role=line.role,
        purpose=line.purpose,
        channel="mail" if "@" in line.value else "phone",
        value=line.value,
        hours=line.hours,
        languages=line.languages,
        person_name=line.person,
        operational_skills=bool(line.person),
        priority=line.priority,
        at=at - timedelta(days=line.age or 0),
    )
    if line.age is None:
        # A number that came with roaming data: nobody has ever verified it.
        kept.verified_at = None
        kept.save(update_fields=["verified_at"])
