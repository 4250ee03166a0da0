from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from builders import PASSWORD, person_at
from roamdesk.desks.models import Desk, Membership, Person, Role
from roamdesk.desks.services import add_desk, add_person


def test_a_person_is_added_with_roles_and_can_log_in(cpo_desk: Desk) -> None:
    membership = add_person("olga", desk_slug="nordlade", roles=["operator", "team_lead"], password=PASSWORD)
    assert membership.roles == [Role.OPERATOR, Role.TEAM_LEAD]
    assert Person.objects.get(username="olga").check_password(PASSWORD)


def test_a_known_person_gets_other_roles_and_keeps_the_password(cpo_desk: Desk) -> None:
    person_at(cpo_desk, "olga", Role.OPERATOR)
    add_person("olga", desk_slug="nordlade", roles=["auditor"])
    assert Membership.objects.get(person__username="olga").roles == [Role.AUDITOR]
    assert Person.objects.get(username="olga").check_password(PASSWORD)


def test_an_unknown_desk_names_the_known_ones_and_adds_nobody(cpo_desk: Desk) -> None:
    with pytest.raises(ValidationError, match=r"no desk 'nordlabe'. Known: nordlade\."):
        add_person("olga", desk_slug="nordlabe", roles=["operator"], password=PASSWORD)
    assert not Person.objects.exists()


def test_an_unknown_role_names_the_known_ones(cpo_desk: Desk) -> None:
    with pytest.raises(ValidationError, match=r"no role 'boss'. Choose from: operator, back_office"):
        add_person("olga", desk_slug="nordlade", roles=["boss"], password=PASSWORD)


@pytest.mark.parametrize("weak", ["short", "password1234", "123456789012345", "olga.operator1"])
def test_a_weak_password_is_refused_and_adds_nobody(cpo_desk: Desk, weak: str) -> None:
    with pytest.raises(ValidationError):
        add_person("olga.operator", desk_slug="nordlade", roles=["operator"], password=weak)
    assert not Person.objects.exists()


def test_a_desk_plays_at_least_one_side(db: None) -> None:
    with pytest.raises(ValidationError, match="add --msp, --cpo or both"):
        add_desk("nobody", name="Nobody", reference_prefix="NOB", mail_from="desk@nobody.example")


def test_a_desk_with_wrong_values_is_refused_with_one_message_each(db: None) -> None:
    with pytest.raises(ValidationError) as refused:
        add_desk("no spaces", name="X", plays_msp=True, reference_prefix="TOOLONG", mail_from="not an address")
    assert set(refused.value.message_dict) == {"slug", "reference_prefix", "mail_from"}
