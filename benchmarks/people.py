"""Two desks for the benchmarks: Nordlade, a CPO, and VoltPass, an MSP, partners of each other. All invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django_scopes import scope

from roamdesk.charging.models import Evse, Station
from roamdesk.desks.models import Desk, Membership, Person, Role
from roamdesk.partners.models import ContactLine, Partner

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
LABEL = "DE*NDL*E4421*1"
TOKEN = "04A2B3C4D5E680"


@dataclass(frozen=True)
class Cast:
    """Who takes part."""

    desk: Desk
    partner: Partner
    operator: Person
    evse: Evse


def cast(slug: str) -> Cast:
    """A CPO desk of this name with a partner, an operator and a socket whose station is connected."""
    desk = Desk.objects.create(
        name="Nordlade",
        slug=slug,
        plays_cpo=True,
        operator_ids=["DE*NDL"],
        reference_prefix="NDL",
        mail_from="support@nordlade.example",
    )
    operator = Person.objects.create_user(f"nils-{slug}", display_name="Nils Operator")
    Membership.objects.create(person=operator, desk=desk, roles=[Role.OPERATOR, Role.TEAM_LEAD])
    with scope(desk=desk):
        partner = Partner.objects.create(desk=desk, name="VoltPass", plays_msp=True, provider_ids=["DE-VPS"])
        purpose = ContactLine.Purpose
        _line(partner, purpose.CALL_CENTRE, "+493055502420")
        _line(partner, purpose.MSP_SUPPORT, "support@voltpass.example")
        _line(partner, purpose.REFERENCE_PERSON, "f.focal@voltpass.example")
        station = Station.objects.create(
            desk=desk, identity=f"NDL-{slug}", security_profile=0, connection_id="1", connected_at=AT
        )
        evse = Evse.objects.create(
            desk=desk, station=station, label=LABEL, evse_id=LABEL, plug="type2_socket", address="Ladestraße 14, Berlin"
        )
    return Cast(desk, partner, operator, evse)


def _line(partner: Partner, purpose: str, value: str) -> None:
    more: dict[str, Any] = {"channel": "mail" if "@" in value else "phone", "languages": ["en"], "verified_at": AT}
    ContactLine.objects.create(desk=partner.desk, partner=partner, role="msp", purpose=purpose, value=value, **more)
