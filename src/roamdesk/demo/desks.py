"""The two demo desks and the people who work there. Passwords are public: for trying only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password

from roamdesk.desks.models import Desk, Role
from roamdesk.desks.services import add_desk, add_person, person_named

PASSWORD = "seven plugs and a torch"
MSP, CPO = "voltpass", "nordlade"

DESKS: dict[str, dict[str, Any]] = {
    MSP: {
        "name": "VoltPass",
        "plays_msp": True,
        "provider_ids": ["DE-VPS"],
        "reference_prefix": "VP",
        "region": "BY",
        "mail_from": "support@voltpass.example",
        "call_centre_number": "+4989555099",
    },
    CPO: {
        "name": "Nordlade",
        "plays_cpo": True,
        "operator_ids": ["DE*NDL"],
        "reference_prefix": "NL",
        "region": "BE",
        "mail_from": "control.room@nordlade.example",
        "call_centre_number": "+49305550142",
    },
}


@dataclass(frozen=True)
class Login:
    """Someone to log in as; ``username`` is name@desk."""

    username: str
    shown: str
    role: Role

    @property
    def desk(self) -> str:
        return self.username.partition("@")[2]


LOGINS = (
    Login("mara@voltpass", "Mara K.", Role.OPERATOR),
    Login("jonas@voltpass", "Jonas W.", Role.OPERATOR),
    Login("ines@voltpass", "Ines R.", Role.TEAM_LEAD),
    Login("vera@voltpass", "Vera S.", Role.BACK_OFFICE),
    Login("piet@voltpass", "Piet M.", Role.PARTNER_MANAGER),
    Login("adam@voltpass", "Adam T.", Role.AUDITOR),
    Login("petra@nordlade", "Petra J.", Role.OPERATOR),
    Login("lars@nordlade", "Lars B.", Role.TEAM_LEAD),
    Login("birte@nordlade", "Birte O.", Role.BACK_OFFICE),
    Login("anna@nordlade", "Anna F.", Role.AUDITOR),
)


def seed_desks() -> tuple[Desk, Desk]:
    """(VoltPass, Nordlade); what is there already stays as it is."""
    for slug, values in DESKS.items():
        if not Desk.objects.filter(slug=slug).exists():
            add_desk(slug, **values)
    _seed_people()
    return Desk.objects.get(slug=MSP), Desk.objects.get(slug=CPO)


def _seed_people() -> None:
    missing = [login for login in LOGINS if person_named(login.username) is None]
    # Hashing is slow on purpose; one public password needs it once.
    hashed = make_password(PASSWORD) if missing else ""
    for login in missing:
        membership = add_person(
            login.username,
            desk_slug=login.desk,
            roles=[login.role],
            display_name=login.shown,
            email=f"{login.username}.example",
        )
        membership.person.password = hashed
        membership.person.save(update_fields=["password"])
