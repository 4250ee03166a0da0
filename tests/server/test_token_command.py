from __future__ import annotations

import pytest
from django_scopes import scope

from roamdesk.charging.models import Token
from roamdesk.charging.roaming.authorising import authorise
from roamdesk.charging.roaming.said import TokenSaid
from roamdesk.desks.models import Desk
from server.conftest import Type

CARD, CONTRACT = "04A25B1C9D4F80", "DE-VPS-C00120417"


@pytest.fixture
def card(msp_desk: Desk) -> Token:
    with scope(desk=msp_desk):
        return Token.objects.create(desk=msp_desk, value=CARD, contract_id=CONTRACT, printed_number="4711 0012")


def may_charge(desk: Desk) -> bool:
    with scope(desk=desk):
        return authorise(desk, TokenSaid(uid=CARD)).reason is None


@pytest.mark.parametrize("named", ["04:A2:5B:1C:9D:4F:80", CONTRACT, "47110012"])
def test_a_token_is_blocked_and_let_go_again_by_whatever_names_it_whole(
    typed: Type, msp_desk: Desk, card: Token, named: str
) -> None:
    said = typed("token", "block", named, "--desk", "voltpass", "--because", "lost")
    assert (said.code, said.out.startswith("…4F80 is blocked since ")) == (0, True)
    assert said.out.endswith("UTC: lost.\n")
    assert not may_charge(msp_desk)
    assert typed("token", "block", named, "--desk", "voltpass").out == said.out
    assert typed("token", "unblock", named, "--desk", "voltpass").out == "…4F80 may charge.\n"
    assert may_charge(msp_desk)


def test_what_names_no_token_or_several_changes_nothing(typed: Type, msp_desk: Desk, card: Token) -> None:
    with scope(desk=msp_desk):
        Token.objects.create(desk=msp_desk, value="04FFFFFFFF4F80", contract_id=CONTRACT)
    for named, words in (
        ("4F80", "No token of this desk"),
        (CONTRACT, "2 tokens go by that"),
        ("04А3В2С1", "Cyrillic"),
    ):
        said = typed("token", "block", named, "--desk", "voltpass")
        assert (said.code, words in said.err) == (1, True), said.err
    assert may_charge(msp_desk)
