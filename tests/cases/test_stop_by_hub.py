"""The MSP's remote stop: of its own User's session, at a partner's EVSE, through whoever speaks with the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django_scopes import scope

from roamdesk.cases import commands
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.charging.advice import advice_on
from roamdesk.charging.models import Command, Evidence, Evse, Session, Token
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming import ports
from roamdesk.charging.roaming.ports import Health, StopAnswer, StopOrder
from roamdesk.charging.roaming.said import Origin, TokenSaid
from roamdesk.charging.roaming.services import record_authorisation, record_cdr
from roamdesk.charging.roaming.stopping import carry_out_stop
from roamdesk.charging.services import expire_commands
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner
from roaming_messages import SESSION, authorisation, cdr

LABEL = "DE*NDL*E4421*1"
CARD = "04A3B2C1D04F80"
Open = Callable[..., Case]


@dataclass
class Hub:
    """Answers every stop with ``outcome``; an exception is raised."""

    outcome: Outcome | Exception = Outcome.ACCEPTED
    orders: list[StopOrder] = field(default_factory=list)
    name: str = "test hub"

    def serves(self, desk: Desk) -> bool:
        return desk.plays_msp

    def stop(self, desk: Desk, order: StopOrder) -> StopAnswer:
        self.orders.append(order)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return StopAnswer(self.outcome, "310" if self.outcome is Outcome.NO_ANSWER else "", "{}", "{}", "process-7")

    def health(self, desk: Desk, now: datetime) -> Health:
        return Health("test hub")


@pytest.fixture
def hub() -> Iterator[Hub]:
    backend, before = Hub(), list(ports._backends)
    ports._backends[:] = [backend]
    yield backend
    ports._backends[:] = before


@pytest.fixture
def running(msp_desk: Desk, at: datetime) -> Session:
    """Our User's session at Nordlade, authorised a while ago."""
    with scope(desk=msp_desk):
        Evse.objects.create(desk=msp_desk, partner=Partner.objects.get(), label=LABEL, evse_id=LABEL)
        Token.objects.create(desk=msp_desk, value=CARD)
    return record_authorisation(msp_desk, authorisation(origin=Origin(at - timedelta(minutes=40))))


@pytest.fixture
def stop(open_msp: Open, msp_operator: Person, at: datetime) -> Callable[..., Command]:
    def ordered(key: str = "1", **facts: str) -> Command:
        case = open_msp(**{"token": CARD, **facts})
        return commands.request_remote_stop(case, actor=Actor.of(msp_operator), at=at, key=key)

    return ordered


def carried_out(command: Command, at: datetime) -> Command:
    carry_out_stop(command.pk, lambda: at)
    with scope(desk=command.desk):
        command.refresh_from_db()
    return command


def test_the_users_own_session_is_stopped_through_the_hub(
    hub: Hub, running: Session, stop: Callable[..., Command], at: datetime
) -> None:
    command = carried_out(stop(), at)
    assert [(order.session_id, order.evse_id) for order in hub.orders] == [(SESSION, LABEL)]
    assert (command.state, command.outcome) == ("answered", "accepted")
    assert advice_on(command).reads == "Accepted by the CPO, not yet seen to stop"


def test_the_accepted_stop_is_evidence_of_the_session(
    hub: Hub, running: Session, stop: Callable[..., Command], at: datetime
) -> None:
    command = carried_out(stop(), at)
    with scope(desk=command.desk):
        kinds = list(Evidence.objects.order_by("received_at").values_list("kind", "sent_by_us", "reference"))
    assert kinds == [("authorised", False, ""), ("remote_stop", True, "process-7")]


def test_carried_out_twice_it_is_sent_once(
    hub: Hub, running: Session, stop: Callable[..., Command], at: datetime
) -> None:
    command = stop()
    carried_out(command, at)
    carried_out(command, at)
    assert len(hub.orders) == 1


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, ConnectionError("cut")])
def test_a_hub_that_does_not_answer_leaves_the_outcome_unknown(
    hub: Hub, running: Session, stop: Callable[..., Command], at: datetime, outcome: Outcome | Exception
) -> None:
    hub.outcome = outcome
    command = carried_out(stop(), at)
    assert command.state == "unknown"
    assert advice_on(command).reads.startswith("No answer from the CPO: unknown. It may still stop")


def test_a_refusal_is_said_with_what_to_do_next(
    hub: Hub, running: Session, stop: Callable[..., Command], at: datetime
) -> None:
    hub.outcome = Outcome.REJECTED
    assert advice_on(carried_out(stop(), at)).next == "ask the User; phone"


def test_an_order_that_no_worker_took_is_given_up(
    hub: Hub, running: Session, stop: Callable[..., Command], at: datetime
) -> None:
    command = stop()
    assert expire_commands(at + timedelta(seconds=60)) == 0
    assert expire_commands(at + timedelta(seconds=91)) == 1
    assert carried_out(command, at).state == "not_sent"
    assert hub.orders == []


def test_a_worker_finds_the_job(hub: Hub, running: Session, stop: Callable[..., Command]) -> None:
    command = stop()
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'charging.carry_out_stop'")
        assert cursor.fetchall() == [(f'{{"command_id": {command.pk}}}',)]


def test_a_session_closed_by_its_cdr_is_not_stopped(
    hub: Hub, msp_desk: Desk, running: Session, stop: Callable[..., Command], at: datetime
) -> None:
    record_cdr(msp_desk, cdr(origin=Origin(at)))
    with pytest.raises(Refused, match="No running session fits"):
        stop()


def test_nobody_elses_session_is_stopped(
    hub: Hub, msp_desk: Desk, running: Session, stop: Callable[..., Command]
) -> None:
    with pytest.raises(Refused, match="No running session fits"):
        stop(token="04FFFFFFFFFF80")


def test_without_a_hub_the_operator_is_told_what_to_do(running: Session, stop: Callable[..., Command]) -> None:
    before = list(ports._backends)
    ports._backends.clear()
    with pytest.raises(Refused, match="connected with no hub"):
        stop()
    ports._backends[:] = before


def test_the_case_takes_the_sessions_id_for_the_mail_and_says_how_sure_it_is(
    msp_desk: Desk, running: Session, open_msp: Open
) -> None:
    case = open_msp(token=CARD)
    assert case.known["values"]["session_id"] == SESSION
    with scope(desk=msp_desk):
        data = case.events.get(kind="matched").data
    assert (data["verdict"], data["grade"]) == ("match", "authorised")


def test_a_closed_session_gives_the_cdr_id(msp_desk: Desk, running: Session, open_msp: Open, at: datetime) -> None:
    record_cdr(
        msp_desk, cdr(origin=Origin(at), session_end=None, charging_end=None, session_start=None, charging_start=None)
    )
    assert open_msp(token=CARD).known["values"]["cdr_id"] == SESSION


def test_a_session_under_a_contract_is_found_by_the_card(msp_desk: Desk, open_msp: Open, at: datetime) -> None:
    with scope(desk=msp_desk):
        Evse.objects.create(desk=msp_desk, partner=Partner.objects.get(), label=LABEL, evse_id=LABEL)
        for card in (CARD, "04FFFFFFFFFF80"):
            Token.objects.create(desk=msp_desk, value=card, contract_id="DE-VPS-C00012345-2")
    record_authorisation(msp_desk, authorisation(token=TokenSaid(contract_id="DE-VPS-C00012345-2"), origin=Origin(at)))
    assert "session_id" in open_msp(token=CARD).known["values"]
