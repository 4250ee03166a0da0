from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from roamdesk.charging.models import Evidence, Session, Token
from roamdesk.charging.roaming.said import Refusal, TokenSaid
from roamdesk.charging.roaming.services import authorise, block_token, unblock_token
from roamdesk.desks.models import Desk

CARD = "04A3B2C1D04F80"


@pytest.fixture
def card(msp_desk: Desk) -> Token:
    with scope(desk=msp_desk):
        token: Token = Token.objects.create(desk=msp_desk, value=CARD, contract_id="DE-VPS-C00012345-2")
    return token


@pytest.mark.parametrize(
    "said",
    [
        TokenSaid(uid="04:a3:b2:c1:d0:4f:80"),
        TokenSaid(contract_id="DE*VPS*C00012345"),
        TokenSaid(contract_id="DEVPSC000123452"),
    ],
)
def test_a_token_of_ours_is_authorised_however_it_is_written(msp_desk: Desk, card: Token, said: TokenSaid) -> None:
    decision = authorise(msp_desk, said)
    assert (decision.authorised, decision.contract_id) == (True, "DE-VPS-C00012345-2")


def test_a_foreign_token_is_refused_and_leaves_no_trace(msp_desk: Desk, card: Token) -> None:
    assert authorise(msp_desk, TokenSaid(uid="DEADBEEF")).reason is Refusal.UNKNOWN_TOKEN
    with scope(desk=msp_desk):
        assert (Token.objects.count(), Session.objects.count(), Evidence.objects.count()) == (1, 0, 0)


def test_the_token_of_another_desk_is_foreign(cpo_desk: Desk, card: Token) -> None:
    assert authorise(cpo_desk, TokenSaid(uid=CARD)).reason is Refusal.UNKNOWN_TOKEN


@pytest.mark.parametrize("said", [TokenSaid(), TokenSaid(uid="xyz"), TokenSaid(contract_id="\0")])
def test_what_reads_as_no_token_is_refused_as_unreadable(msp_desk: Desk, said: TokenSaid) -> None:
    assert authorise(msp_desk, said).reason is Refusal.UNREADABLE


def test_a_blocked_token_is_refused_until_it_is_unblocked(msp_desk: Desk, card: Token, at: datetime) -> None:
    block_token(msp_desk, card, because="reported lost", at=at)
    assert authorise(msp_desk, TokenSaid(uid=CARD)).reason is Refusal.BLOCKED
    unblock_token(msp_desk, card)
    assert authorise(msp_desk, TokenSaid(uid=CARD)).authorised


def test_a_stranger_cannot_block_it(cpo_desk: Desk, msp_desk: Desk, card: Token, at: datetime) -> None:
    block_token(cpo_desk, card, because="a try", at=at)
    assert authorise(msp_desk, TokenSaid(uid=CARD)).authorised
