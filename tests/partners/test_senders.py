"""Whose mail it is: the form's own address, else a domain that is one partner's alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django_scopes import scope

from builders import MSP_BACK_OFFICE, add_line, build_stranger_desk, partners_with_mail
from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.models.partner import ADDRESS, DOMAIN
from roamdesk.partners.senders import Sender, known_sender, lines_with

BACK_OFFICE = ContactLine.Purpose.BACK_OFFICE


@pytest.fixture
def voltpass(cpo_desk: Desk, msp_desk: Desk) -> Partner:
    """VoltPass, as Nordlade knows it."""
    with scope(desk=cpo_desk):
        return Partner.objects.get(desk=cpo_desk)


def found(desk: Desk, address: str) -> Sender | None:
    with scope(desk=desk):
        return known_sender(desk, address)


def test_the_address_of_a_contact_form_is_its_partners_however_it_is_written(cpo_desk: Desk, voltpass: Partner) -> None:
    assert found(cpo_desk, MSP_BACK_OFFICE.upper()) == Sender(voltpass, frozenset({"msp"}), exact=True)


def test_a_colleague_at_the_same_domain_is_the_partner_too(cpo_desk: Desk, voltpass: Partner) -> None:
    assert found(cpo_desk, "new.colleague@voltpass.example") == Sender(voltpass, frozenset({"msp"}), exact=False)


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example", "a@sub.voltpass.example", "a@notvoltpass.example"])
def test_a_stranger_is_nobody(cpo_desk: Desk, voltpass: Partner, address: str) -> None:
    assert found(cpo_desk, address) is None


def test_free_mail_says_nothing_of_a_company(cpo_desk: Desk, voltpass: Partner) -> None:
    with scope(desk=cpo_desk):
        add_line(voltpass, "msp", BACK_OFFICE, "voltpass.office@gmail.com")
    assert found(cpo_desk, "someone.else@gmail.com") is None
    assert found(cpo_desk, "voltpass.office@gmail.com") == Sender(voltpass, frozenset({"msp"}), exact=True)


def test_an_address_or_domain_of_two_partners_is_neithers(cpo_desk: Desk, voltpass: Partner) -> None:
    with scope(desk=cpo_desk):
        other = Partner.objects.create(desk=cpo_desk, name="Voltpass Italia", plays_msp=True)
        add_line(other, "msp", BACK_OFFICE, MSP_BACK_OFFICE)
    assert found(cpo_desk, MSP_BACK_OFFICE) is None
    assert found(cpo_desk, "a@voltpass.example") is None


def test_another_desks_partner_is_unknown_here(cpo_desk: Desk, voltpass: Partner) -> None:
    assert found(build_stranger_desk(), MSP_BACK_OFFICE) is None


def test_among_thousands_of_lines_a_sender_is_found_by_an_index(cpo_desk: Desk, voltpass: Partner) -> None:
    partners_with_mail(cpo_desk, 3_000)
    with scope(desk=cpo_desk), connection.cursor() as cursor:
        cursor.execute("ANALYZE partners_contactline")
        ladewerk = Partner.objects.get(name="Ladewerk 7")
        plans = [
            lines_with(cpo_desk, ADDRESS, "backoffice@7.ladewerk.example").explain(),
            lines_with(cpo_desk, DOMAIN, "7.ladewerk.example").explain(),
        ]
    assert ["line_by_address" in plans[0], "line_by_mail_domain" in plans[1]] == [True, True]
    sender = found(cpo_desk, "somebody@7.Ladewerk.example")
    assert sender == Sender(ladewerk, frozenset({"cpo"}), exact=False)
