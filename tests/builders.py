"""Builders of what most tests start from. Companies, people and numbers are invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django_scopes import scope

from roamdesk.charging.models import Evse, Plug, Station
from roamdesk.desks.models import Desk, Membership, Person, Role
from roamdesk.partners.models import ContactLine, Partner

CPO_OPERATOR = "nils.operator"
PASSWORD = "correct horse battery staple"
VERIFIED_AT = datetime(2026, 2, 2, 8, 0, tzinfo=UTC)

CPO_CALL_CENTRE = "+493055501420"
CPO_SUPPORT_MAIL = "support@nordlade.example"
CPO_BACK_OFFICE = "backoffice@nordlade.example"
CPO_REFERENCE_PHONE = "+493055501429"
CPO_REFERENCE_MAIL = "r.reference@nordlade.example"
MSP_CALL_CENTRE = "+493055502420"
MSP_SUPPORT_MAIL = "support@voltpass.example"
MSP_BACK_OFFICE = "backoffice@voltpass.example"
MSP_REFERENCE_PHONE = "+493055502429"
MSP_REFERENCE_MAIL = "f.focal@voltpass.example"


def build_cpo_desk(**changes: Any) -> Desk:
    """Nordlade, a CPO."""
    values: dict[str, Any] = {
        "name": "Nordlade",
        "slug": "nordlade",
        "plays_cpo": True,
        "operator_ids": ["DE*NDL"],
        "reference_prefix": "NDL",
        "region": "BE",
        "mail_from": CPO_SUPPORT_MAIL,
        "call_centre_number": CPO_CALL_CENTRE,
    }
    return Desk.objects.create(**values | changes)


def build_msp_desk(**changes: Any) -> Desk:
    """VoltPass, an MSP."""
    values: dict[str, Any] = {
        "name": "VoltPass",
        "slug": "voltpass",
        "plays_msp": True,
        "provider_ids": ["DE-VPS"],
        "reference_prefix": "VPS",
        "region": "BE",
        "mail_from": MSP_SUPPORT_MAIL,
        "call_centre_number": MSP_CALL_CENTRE,
    }
    return Desk.objects.create(**values | changes)


def build_stranger_desk(**changes: Any) -> Desk:
    """Ladeviert, which works with neither."""
    values: dict[str, Any] = {
        "name": "Ladeviert",
        "slug": "ladeviert",
        "plays_cpo": True,
        "plays_msp": True,
        "operator_ids": ["DE*LV4"],
        "provider_ids": ["DE-LV4"],
        "reference_prefix": "LV4",
        "mail_from": "support@ladeviert.example",
    }
    return Desk.objects.create(**values | changes)


def person_at(desk: Desk, username: str, *roles: Role) -> Person:
    """A person of that name with those roles at the desk; the password is ``PASSWORD``."""
    person = Person.objects.filter(username=username).first() or Person.objects.create_user(
        username,
        email=f"{username}@{desk.slug}.example",
        password=PASSWORD,
        display_name=username.replace(".", " ").title(),
    )
    Membership.objects.update_or_create(person=person, desk=desk, defaults={"roles": [*roles]})
    return person


def make_partners(msp: Desk, cpo: Desk) -> tuple[Partner, Partner]:
    """Each as the other's partner with a full contact form: (the CPO as the MSP knows it, the reverse)."""
    return cpo_as_partner(msp, cpo), msp_as_partner(cpo, msp)


def cpo_as_partner(desk: Desk, cpo: Desk) -> Partner:
    """``cpo`` as ``desk`` knows it."""
    with scope(desk=desk):
        partner = Partner.objects.create(
            desk=desk,
            name=cpo.name,
            plays_cpo=True,
            operator_ids=cpo.operator_ids,
            region=cpo.region,
            procedures_agreed=True,
            form_published_at=VERIFIED_AT,
        )
        purpose = ContactLine.Purpose
        add_line(partner, "cpo", purpose.FIRST_LEVEL, CPO_CALL_CENTRE)
        add_line(partner, "cpo", purpose.FIRST_LEVEL, CPO_SUPPORT_MAIL)
        add_line(partner, "cpo", purpose.BACK_OFFICE, CPO_BACK_OFFICE)
        add_reference_person(partner, "cpo", "Rita Reference", CPO_REFERENCE_PHONE, CPO_REFERENCE_MAIL)
    return partner


def msp_as_partner(desk: Desk, msp: Desk) -> Partner:
    """``msp`` as ``desk`` knows it."""
    with scope(desk=desk):
        partner = Partner.objects.create(
            desk=desk,
            name=msp.name,
            plays_msp=True,
            provider_ids=msp.provider_ids,
            region=msp.region,
            procedures_agreed=True,
            form_published_at=VERIFIED_AT,
        )
        purpose = ContactLine.Purpose
        add_line(partner, "msp", purpose.CALL_CENTRE, MSP_CALL_CENTRE)
        add_line(partner, "msp", purpose.MSP_SUPPORT, MSP_SUPPORT_MAIL)
        add_line(partner, "msp", purpose.BACK_OFFICE, MSP_BACK_OFFICE)
        add_reference_person(partner, "msp", "Fritz Focal", MSP_REFERENCE_PHONE, MSP_REFERENCE_MAIL)
    return partner


def partners_with_mail(desk: Desk, many: int) -> list[Partner]:
    """CPOs with a back office's address each and nothing else."""
    made = Partner.objects.bulk_create(Partner(desk=desk, name=f"Ladewerk {n}", plays_cpo=True) for n in range(many))
    ContactLine.objects.bulk_create(
        ContactLine(
            desk=desk, partner=partner, role="cpo", purpose="back_office", channel="mail",
            value=f"backoffice@{n}.ladewerk.example", languages=["en"],
        )
        for n, partner in enumerate(made)
    )  # fmt: skip
    return made


def add_line(partner: Partner, role: str, purpose: ContactLine.Purpose, value: str, **changes: Any) -> ContactLine:
    """A verified line, mail or phone as ``value`` looks. Runs in the desk's scope."""
    values: dict[str, Any] = {
        "channel": ContactLine.Channel.MAIL if "@" in value else ContactLine.Channel.PHONE,
        "languages": ["de", "en"],
        "verified_at": VERIFIED_AT,
    }
    return ContactLine.objects.create(
        desk=partner.desk, partner=partner, role=role, purpose=purpose, value=value, **values | changes
    )


def add_reference_person(partner: Partner, role: str, name: str, phone: str, mail: str) -> None:
    """The focal point with operational skills, in office hours."""
    person: dict[str, Any] = {"person_name": name, "operational_skills": True, "hours": "Mon-Fri 08:00-18:00"}
    add_line(partner, role, ContactLine.Purpose.REFERENCE_PERSON, phone, **person)
    add_line(partner, role, ContactLine.Purpose.REFERENCE_PERSON, mail, **person)


def build_station(desk: Desk, identity: str = "NDL-0001", **changes: Any) -> Station:
    """A registered station of ours. Runs in the desk's scope."""
    values: dict[str, Any] = {"address": "Ladestraße 14, Berlin", "security_profile": 0}
    return Station.objects.create(desk=desk, identity=identity, **values | changes)


def build_evse(station: Station, label: str = "DE*NDL*E4421*1", **changes: Any) -> Evse:
    """Connector 1 of the station, a Type 2 socket. Runs in the desk's scope."""
    key = "".join(character for character in label.upper() if character.isalnum())
    values: dict[str, Any] = {
        "evse_id": label,
        "label_key": key,
        "sounds_key": key,
        "plug": Plug.TYPE2_SOCKET,
        "address": station.address,
    }
    return Evse.objects.create(desk=station.desk, station=station, label=label, **values | changes)
