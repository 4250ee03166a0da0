"""A start that a hub asks for: ordered once, and one session with the transaction that follows, in any order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.models import Command, Evidence, Evse, RemoteStart, Session, Station, Token
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.said import Origin, SessionIds, Step, TokenSaid
from roamdesk.charging.roaming.services import Hindrance, OrderRefused, order_start, record_authorisation, settle_start
from roamdesk.charging.roaming.tags import may_charge, new_tag
from roamdesk.charging.services import command_answered, store_meter, store_session_ended, store_session_started
from roamdesk.desks.models import Desk
from roaming_messages import EVSE_ID, SESSION, authorisation, minutes

EVCO = "DE-VPS-C00012345-2"
STEM = "DEVPSC00012345"
OTHER = "00000000-0000-4000-8000-000000000000"
SAID = authorisation(step=Step.REMOTE_START, token=TokenSaid(contract_id=EVCO), operator_id="")


def of(hub: str) -> Any:
    return replace(SAID, ids=SessionIds(hub))


@pytest.fixture
def evse(msp_desk: Desk, cpo_desk: Desk) -> Evse:
    with scope(desk=cpo_desk):
        return build_evse(build_station(cpo_desk, connection_id="holder/1"), EVSE_ID)


@pytest.fixture
def start(evse: Evse) -> RemoteStart:
    return order_start(evse.desk, evse, SAID)


def station_of(evse: Evse) -> Station:
    assert evse.station is not None
    return evse.station


def began(evse: Evse, token: str, *, transaction: str | None = None, number: int | None = None, at: int = 1) -> Session:
    """The station tells of a transaction that began ``at`` minutes after the start of the test's time."""
    return store_session_started(
        station_of(evse), evse_number=1, connector_number=1, token=token, transaction_id=transaction,
        started_at=minutes(at), at=minutes(at), meter_start_kwh=Decimal(1), remote_start=number,
    )  # fmt: skip


def answered(start: RemoteStart, outcome: Outcome) -> None:
    with scope(desk=start.desk):
        Command.objects.filter(pk=start.command_id).update(state="sent", sent_at=minutes(0))
        command = Command.objects.select_related("desk", "station", "evse").get(pk=start.command_id)
        command_answered(command, outcome, at=minutes(0))


def sessions(desk: Desk) -> list[Session]:
    with scope(desk=desk):
        return list(Session.objects.order_by("pk"))


def test_a_tag_fits_every_station_and_is_nobodys_contract() -> None:
    tag = new_tag(SESSION.upper())
    assert (len(tag), tag.isalnum(), tag.upper()) == (19, True, tag)
    assert new_tag(OTHER) != tag


def test_one_session_id_is_ordered_once(evse: Evse, start: RemoteStart) -> None:
    again = order_start(evse.desk, evse, replace(SAID, ids=SessionIds(SESSION.upper()), origin=Origin(minutes(9))))
    with scope(desk=evse.desk):
        (command,) = Command.objects.all()
    assert again == start
    assert (command.kind, command.state, command.token_key) == ("remote_start", "queued", STEM)
    assert command.requested_by == "DE-VPS through the hub"


def test_a_card_of_the_contract_that_is_imported_meanwhile_makes_no_other_user(evse: Evse, start: RemoteStart) -> None:
    with scope(desk=evse.desk):
        Token.objects.create(desk=evse.desk, value="04A1B2C3D4E5F6", contract_id=EVCO)
    assert order_start(evse.desk, evse, SAID) == start


@pytest.mark.parametrize(
    ("said", "hindrance"),
    [
        (replace(SAID, provider_id="DE-XYZ"), Hindrance.OTHER_SESSION),
        (replace(SAID, token=TokenSaid(contract_id="DE-VPS-C00099999-9")), Hindrance.OTHER_SESSION),
        (of(OTHER), Hindrance.IN_USE),
        (replace(of(OTHER), origin=Origin(minutes(4))), Hindrance.IN_USE),
        (replace(of(OTHER), token=TokenSaid()), Hindrance.NO_TOKEN),
    ],
    ids=lambda one: one.name if isinstance(one, Hindrance) else "",
)
def test_what_is_another_start_is_refused_while_the_first_may_still_begin(
    evse: Evse, start: RemoteStart, said: Any, hindrance: Hindrance
) -> None:
    with pytest.raises(OrderRefused) as refused:
        order_start(evse.desk, evse, said)
    assert refused.value.hindrance is hindrance
    with scope(desk=evse.desk):
        assert (RemoteStart.objects.count(), Command.objects.count()) == (1, 1)


def test_an_evse_is_held_for_a_start_for_some_minutes_only(evse: Evse, start: RemoteStart) -> None:
    assert order_start(evse.desk, evse, replace(of(OTHER), origin=Origin(minutes(6)))).tag != start.tag


def test_an_evse_in_use_is_not_started_unless_its_station_says_that_it_is_free(evse: Evse) -> None:
    with scope(desk=evse.desk):
        began(evse, "04A1B2C3D4E5F6", transaction="tx-1")
        with pytest.raises(OrderRefused, match="in use"):
            order_start(evse.desk, evse, SAID)
        evse.status = "Available"
        evse.save()
    assert order_start(evse.desk, evse, SAID).hub_session_id == SESSION


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
def test_an_evse_out_of_service_is_not_started(evse: Evse, status: str) -> None:
    evse.status = status
    with pytest.raises(OrderRefused, match="out of service"):
        order_start(evse.desk, evse, SAID)


Move = Callable[[Evse, RemoteStart], Any]


def moves(version: str) -> dict[str, Move]:
    """What happens after a start was ordered; 1.6 stations know the tag only, later ones name our number, too."""
    transaction, named = (None, False) if version == "ocpp1.6" else ("tx-9", True)

    def begins(evse: Evse, start: RemoteStart) -> Any:
        return began(evse, start.tag.lower(), transaction=transaction, number=start.pk if named else None)

    return {
        "evidence": lambda evse, start: settle_start(evse.desk, start, Outcome.ACCEPTED, SAID, minutes(1)),
        "begins": begins,
        "told again": begins,
    }


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
def test_in_any_order_it_is_one_session_with_the_stations_course_and_the_hubs_names(evse: Evse, version: str) -> None:
    seen = []
    for order in permutations(moves(version)):
        start = order_start(evse.desk, evse, SAID)
        with scope(desk=evse.desk):
            for name in order:
                moves(version)[name](evse, start)
            (session,) = sessions(evse.desk)
            station = station_of(evse)
            store_meter(station, session.transaction_id, register_kwh=Decimal("3.5"), at=minutes(5))
            store_session_ended(
                station, session.transaction_id, ended_at=minutes(9), stop_reason="Remote", at=minutes(9)
            )
            (session,) = sessions(evse.desk)
            ours = {"1.6": str(session.pk), "2": "tx-9"}["1.6" if version == "ocpp1.6" else "2"]
            assert session.transaction_id == ours
            values = {
                name: value for name, value in vars(session).items() if name not in ("id", "_state", "transaction_id")
            }
            seen.append(values)
            assert Evidence.objects.get().session_id == session.pk
            assert RemoteStart.objects.get().session_id == session.pk
            Session.objects.all().delete()
            Command.objects.all().delete()
    assert all(one == seen[0] for one in seen)
    assert (seen[0]["session_id"], seen[0]["token_key"], seen[0]["grade"]) == (SESSION, STEM, "authorised")
    assert (seen[0]["started_at"], seen[0]["ended_at"], seen[0]["energy_kwh"]) == (
        minutes(1), minutes(9), Decimal("2.500"),
    )  # fmt: skip
    assert seen[0]["partner_id"] is not None


@pytest.mark.parametrize("order", list(permutations(["evidence", "parked", "names"])))
def test_a_transaction_that_began_without_a_token_is_joined_when_it_names_the_start(
    evse: Evse, start: RemoteStart, order: tuple[str, ...]
) -> None:
    with scope(desk=evse.desk):
        for name in order:
            match name:
                case "evidence":
                    settle_start(evse.desk, start, Outcome.ACCEPTED, SAID, minutes(1))
                case "parked":
                    began(evse, "", transaction="tx-9")
                case "names":
                    began(evse, "", transaction="tx-9", number=start.pk, at=2)
        (session,) = Session.objects.all()
        assert Evidence.objects.get().session_id == session.pk
    assert (session.transaction_id, session.hub_key, session.token_key) == ("tx-9", SESSION.upper(), STEM)
    assert (session.started_at, session.grade) == (minutes(1 if "parked" in order else 2), "authorised")


def test_a_transaction_with_another_token_is_not_joined_whatever_number_it_names(
    evse: Evse, start: RemoteStart
) -> None:
    with scope(desk=evse.desk):
        session = began(evse, "04A1B2C3D4E5F6", transaction="tx-9", number=start.pk)
    assert (session.hub_key, session.token_key) == ("", "04A1B2C3D4E5F6")


@pytest.mark.parametrize("number", [0, 2**31, 2**70, -1])
def test_a_number_that_is_none_of_ours_is_no_start(evse: Evse, start: RemoteStart, number: int) -> None:
    with scope(desk=evse.desk):
        assert began(evse, "", transaction="tx-9", number=number).hub_key == ""


def test_a_second_transaction_with_the_tag_is_a_session_of_its_own(evse: Evse, start: RemoteStart) -> None:
    with scope(desk=evse.desk):
        first, second = began(evse, start.tag), began(evse, start.tag, at=3)
    assert (first.hub_key, second.hub_key) == (SESSION.upper(), "")
    assert second.token_key == STEM


def test_a_tag_is_good_at_its_station_for_one_session(evse: Evse, start: RemoteStart) -> None:
    with scope(desk=evse.desk):
        elsewhere = build_station(evse.desk, "NDL-0002", connection_id="holder/1")
        assert may_charge(station_of(evse), start.tag.lower(), minutes(1))
        assert not may_charge(elsewhere, start.tag, minutes(1))
        session = began(evse, start.tag)
        assert may_charge(station_of(evse), start.tag, minutes(1))
        store_session_ended(
            station_of(evse), session.transaction_id, ended_at=minutes(9), stop_reason="Local", at=minutes(9)
        )
        assert not may_charge(station_of(evse), start.tag, minutes(1))
        assert not may_charge(station_of(evse), new_tag(OTHER), minutes(1))
        assert may_charge(station_of(evse), "HUBXYC000123452", minutes(1))


def test_a_start_of_which_the_hub_was_told_no_may_not_charge_and_joins_nothing(evse: Evse, start: RemoteStart) -> None:
    answered(start, Outcome.NO_ANSWER)
    assert not settle_start(evse.desk, start, Outcome.NO_ANSWER, SAID, minutes(1))
    answered(start, Outcome.ACCEPTED)
    assert not settle_start(evse.desk, start, Outcome.ACCEPTED, SAID, minutes(2))
    with scope(desk=evse.desk):
        assert not may_charge(station_of(evse), start.tag, minutes(1))
        session = began(evse, start.tag)
    assert (session.hub_key, session.token_key) == ("", STEM)


def test_a_transaction_is_as_good_as_the_stations_answer(evse: Evse, start: RemoteStart) -> None:
    with scope(desk=evse.desk):
        began(evse, start.tag)
    assert settle_start(evse.desk, start, Outcome.NO_ANSWER, SAID, minutes(1))


def test_a_card_that_a_hub_named_is_known_by_its_number(evse: Evse) -> None:
    start = order_start(evse.desk, evse, replace(SAID, token=TokenSaid(uid="04A1B2C3")))
    with scope(desk=evse.desk):
        assert began(evse, start.tag).token_key == "04A1B2C3"


def test_a_hub_session_that_is_known_otherwise_is_not_started(evse: Evse) -> None:
    record_authorisation(evse.desk, replace(SAID, origin=Origin(minutes(0) - timedelta(days=1))))
    with pytest.raises(OrderRefused, match="another session"):
        order_start(evse.desk, evse, SAID)


@pytest.mark.django_db(transaction=True)
def test_evidence_and_transaction_at_once_are_one_session(evse: Evse) -> None:
    for number in range(8):
        started_and_ended(evse, f"{number:08d}-0000-4000-8000-000000000000", 10 * number)
    with scope(desk=evse.desk):
        assert Evidence.objects.filter(kind="remote_start").count() == 8
        assert Session.objects.filter(station=evse.station).exclude(hub_key="").count() == 8
        assert Session.objects.count() == 8


def started_and_ended(evse: Evse, hub: str, minute: int) -> None:
    said = replace(of(hub), origin=Origin(minutes(minute)))
    start = order_start(evse.desk, evse, said)
    at_once(
        evse.desk,
        lambda: settle_start(evse.desk, start, Outcome.ACCEPTED, said, minutes(minute)),
        lambda: began(evse, start.tag, at=minute),
    )
    with scope(desk=evse.desk):
        session, over = Session.objects.get(hub_key=hub.upper()), minutes(minute + 1)
        store_session_ended(station_of(evse), str(session.pk), ended_at=over, stop_reason="Local", at=over)


def at_once(desk: Desk, *works: Callable[[], Any]) -> None:
    """Each in a thread of its own. Raises what one raises."""
    together = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        with scope(desk=desk):
            connection.ensure_connection()
            together.wait(10)
            try:
                work()
            finally:
                connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        for running in [threads.submit(run, work) for work in works]:
            running.result()
