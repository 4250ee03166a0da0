from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django_scopes import ScopeError, scope

from builders import person_at
from roamdesk.desks.access import RIGHTS, Right, access_to
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.partners.models import Partner

HANDLING = {Right.READ, Right.HANDLE_CASES, Right.COMMAND_STATIONS, Right.REVEAL}


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.OPERATOR, HANDLING),
        (Role.BACK_OFFICE, {Right.READ, Right.HANDLE_CASES, Right.REVEAL}),
        (Role.PARTNER_MANAGER, {Right.READ, Right.KEEP_PARTNERS}),
        (Role.TEAM_LEAD, HANDLING | {Right.LEAD}),
        (Role.AUDITOR, {Right.READ}),
        (Role.ADMINISTRATOR, set(Right)),
    ],
)
def test_a_role_grants_exactly_its_rights(cpo_desk: Desk, role: Role, rights: set[Right]) -> None:
    access = access_to(person_at(cpo_desk, "someone", role), cpo_desk.slug)
    assert {right for right in Right if access.may(right)} == rights


def test_every_role_is_known_to_the_gate() -> None:
    assert set(RIGHTS) == set(Role)


def test_two_roles_add_up(cpo_desk: Desk) -> None:
    access = access_to(person_at(cpo_desk, "both", Role.BACK_OFFICE, Role.PARTNER_MANAGER), cpo_desk.slug)
    assert access.rights == {Right.READ, Right.HANDLE_CASES, Right.REVEAL, Right.KEEP_PARTNERS}


def test_an_auditor_reads_only(cpo_auditor: Person, cpo_desk: Desk) -> None:
    assert access_to(cpo_auditor, cpo_desk.slug).reads_only


def test_a_missing_right_is_told_in_words(cpo_auditor: Person, cpo_desk: Desk) -> None:
    with pytest.raises(PermissionDenied, match=r"Nordlade does not allow to handle cases\. Ask a team lead"):
        access_to(cpo_auditor, cpo_desk.slug).require(Right.HANDLE_CASES)


def test_a_right_that_is_held_lets_through(cpo_operator: Person, cpo_desk: Desk) -> None:
    access_to(cpo_operator, cpo_desk.slug).require(Right.HANDLE_CASES)


def test_a_stranger_hears_the_same_as_for_a_missing_desk(stranger: Person, cpo_desk: Desk) -> None:
    with pytest.raises(Http404) as refused:
        access_to(stranger, cpo_desk.slug)
    with pytest.raises(Http404) as missing:
        access_to(stranger, "no-such-desk")
    assert str(refused.value) == str(missing.value)


def test_a_person_who_left_is_a_stranger(cpo_operator: Person, cpo_desk: Desk) -> None:
    cpo_operator.is_active = False
    with pytest.raises(Http404):
        access_to(cpo_operator, cpo_desk.slug)


def test_a_query_outside_a_desk_raises(msp_desk: Desk) -> None:
    with pytest.raises(ScopeError):
        Partner.objects.count()


def test_a_query_inside_a_desk_sees_only_that_desk(msp_desk: Desk, cpo_desk: Desk) -> None:
    with scope(desk=msp_desk):
        assert [partner.name for partner in Partner.objects.all()] == ["Nordlade"]
    with scope(desk=cpo_desk):
        assert [partner.name for partner in Partner.objects.all()] == ["VoltPass"]
