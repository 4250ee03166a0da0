from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roamdesk.charging.advice import ADVICE, Mark, advice_on
from roamdesk.charging.models import Command
from roamdesk.charging.ports import Outcome

SENT_AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


def answered(outcome: Outcome, **values: object) -> Command:
    return Command(
        station_id=1, kind="unlock", state=Command.State.ANSWERED, outcome=outcome, sent_at=SENT_AT, **values
    )


def test_every_outcome_has_its_own_words() -> None:
    assert set(ADVICE) == set(Outcome)
    assert len({advice.reads for advice in ADVICE.values()}) == len(ADVICE)


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.CONNECTION_LOST, Outcome.UNREADABLE])
def test_silence_has_a_mark_of_its_own_and_is_called_unknown(outcome: Outcome) -> None:
    assert ADVICE[outcome].mark is Mark.DASHED_RING
    assert "unknown" in ADVICE[outcome].reads


def test_only_unlocked_bears_the_tick_and_says_who_reported_it() -> None:
    ticks = [outcome for outcome, advice in ADVICE.items() if advice.mark is Mark.TICK]
    assert ticks == [Outcome.UNLOCKED]
    assert ADVICE[Outcome.UNLOCKED].reads == "Unlocked (reported by the station)"


def test_a_late_answer_says_how_late() -> None:
    late = answered(Outcome.UNLOCKED, late=True, answered_at=SENT_AT + timedelta(seconds=47))
    assert advice_on(late).reads == "Unlocked (reported by the station), late answer, after 47 s"


def test_the_code_of_the_station_is_kept_in_the_line() -> None:
    error = answered(Outcome.CALL_ERROR, detail="InternalError: motor")
    assert advice_on(error).reads.endswith("InternalError: motor")


def test_a_command_on_its_way_reads_as_waiting() -> None:
    sent = Command(station_id=1, kind="unlock", state=Command.State.SENT)
    assert (advice_on(sent).mark, advice_on(sent).reads) == (Mark.HOURGLASS, "Sent, waiting for the station")


def test_a_remote_stop_without_an_answer_does_not_speak_of_unlocking() -> None:
    stop = Command(station_id=1, kind="remote_stop", state=Command.State.UNKNOWN, outcome=Outcome.NO_ANSWER)
    assert advice_on(stop).reads == "No answer: unknown. It may still stop"
