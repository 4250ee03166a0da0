from __future__ import annotations

import pytest

from roamdesk.charging.models import Plug
from roamdesk.charging.plugs import End, Holder, Hope, stuck_advice


@pytest.mark.parametrize(
    ("plug", "end", "holder", "hope"),
    [
        (Plug.TYPE2_SOCKET, End.STATION, Holder.STATION, Hope.CAN_FREE),
        (Plug.TYPE2_SOCKET, End.CAR, Holder.CAR, Hope.CANNOT_FREE),
        (Plug.TYPE2_CABLE, End.CAR, Holder.CAR, Hope.CANNOT_FREE),
        (Plug.TYPE1_CABLE, End.CAR, Holder.CAR, Hope.CANNOT_FREE),
        (Plug.CCS_CABLE, End.CAR, Holder.CAR, Hope.CANNOT_FREE),
        (Plug.CHADEMO_CABLE, End.CAR, Holder.PLUG, Hope.MAY_FREE),
        (Plug.HOUSEHOLD_SOCKET, End.STATION, Holder.NOBODY, Hope.CANNOT_FREE),
        (Plug.UNKNOWN, End.NOT_KNOWN, Holder.NOT_KNOWN, Hope.NOT_KNOWN),
        (Plug.UNKNOWN, End.STATION, Holder.STATION, Hope.CAN_FREE),
        (Plug.UNKNOWN, End.CAR, Holder.CAR, Hope.CANNOT_FREE),
    ],
)
def test_the_plug_and_the_end_say_whose_lock_it_is_and_what_an_unlock_can_do(
    plug: Plug, end: End, holder: Holder, hope: Hope
) -> None:
    advice = stuck_advice(plug, end)
    assert (advice.holder, advice.hope) == (holder, hope)


@pytest.mark.parametrize("plug", Plug.values)
@pytest.mark.parametrize("end", End)
def test_there_is_something_to_say_for_every_plug_and_end(plug: str, end: End) -> None:
    advice = stuck_advice(plug, end)
    assert advice.expect.endswith((".", "?"))
    assert all(sentence.endswith((".", "?")) for sentence in advice.tell)
    assert advice.tell


def test_a_driver_at_a_ccs_cable_is_told_to_wait_before_pulling() -> None:
    assert stuck_advice(Plug.CCS_CABLE).tell == (
        "I stop the session.",
        "Please wait about a minute.",
        "Unlock the car. Do not pull or twist before.",
    )


def test_a_word_that_is_no_plug_counts_as_not_known() -> None:
    assert stuck_advice("iec_62196_t9").holder is Holder.NOT_KNOWN
