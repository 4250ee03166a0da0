from __future__ import annotations

from roamdesk.console.screens.notice import FATES, STATES
from roamdesk.correspondence.models import Fate, Message


def test_every_fate_of_an_address_and_every_state_of_a_mail_has_a_mark() -> None:
    assert set(FATES) == set(Fate)
    assert set(STATES) == set(Message.State)
