"""The demo's desks get the mail that is written to their companies."""

from __future__ import annotations

from datetime import datetime

from django_scopes import scopes_disabled

from roamdesk.correspondence.models import IncomingMail
from roamdesk.demo.handing_on import hand_on
from roamdesk.desks.models import Desk

RAW = b"From: a@voltpass.example\r\n\r\nHello\r\n"


def test_every_address_of_a_company_leads_to_its_desk_once(cpo_desk: Desk, msp_desk: Desk, at: datetime) -> None:
    recipients = ["backoffice@nordlade.example", "Support+m1.ab@Nordlade.Example", "x@kilowerk.example"]
    assert hand_on("<>", recipients, RAW, at) == 1
    with scopes_disabled():
        [mail] = IncomingMail.objects.all()
    assert mail.desk == cpo_desk
    assert mail.recipients == ["support@nordlade.example", "Support+m1.ab@Nordlade.Example"]


def test_mail_to_a_company_without_a_desk_is_nobodys(cpo_desk: Desk, at: datetime) -> None:
    assert hand_on("a@voltpass.example", ["x@kilowerk.example", "no address"], RAW, at) == 0
