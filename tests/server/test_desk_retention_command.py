from __future__ import annotations

from roamdesk.desks.models import Desk
from server.conftest import Said, Type


def test_a_desk_says_how_long_it_keeps_personal_values(typed: Type, msp_desk: Desk) -> None:
    assert typed("desk", "retention", "voltpass") == Said(0, "VoltPass keeps personal values for 90 days.\n", "")
    assert typed("desk", "retention", "voltpass", "--days", "60").out == "VoltPass keeps personal values for 60 days.\n"
    msp_desk.refresh_from_db()
    assert msp_desk.keep_days == 60


def test_a_length_that_makes_no_sense_is_said_and_changes_nothing(typed: Type, msp_desk: Desk) -> None:
    said = typed("desk", "retention", "voltpass", "--days", "0")
    assert (said.code, said.err) == (1, "Between 1 and 3650 days can be chosen, not 0.\n")
    msp_desk.refresh_from_db()
    assert msp_desk.keep_days == 90
