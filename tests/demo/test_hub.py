"""The stand-in hub between the two desks, over real TLS in both directions, in the order of the specification."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from builders import build_evse, build_station
from oicp_messages import (
    AUTHORISE_START,
    AUTHORISE_STOP,
    CDR,
    EVSE,
    OPERATOR,
    PROVIDER,
    PULL_BY_ID,
    REMOTE_START,
    REMOTE_STOP,
    STARTED,
    STATUS_PUSH,
    UID,
)
from roamdesk.charging.commanding import command_answered, command_sent
from roamdesk.charging.models import Cdr, Command, Session, Token
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.ports import StopOrder, backend_for
from roamdesk.charging.roaming.said import Origin, SessionIds
from roamdesk.charging.roaming.services import record_authorisation
from roamdesk.charging.services import store_session_started
from roamdesk.demo.hub.authority import HUB_NAME, Papers, issue
from roamdesk.demo.hub.faults import Fault
from roamdesk.demo.hub.partners import HubPartner, Memory
from roamdesk.demo.hub.serving import HubServer, Partners
from roamdesk.demo.hub.switchboard import Switchboard
from roamdesk.desks.models import Desk
from roamdesk.oicp.answers import Verdict
from roamdesk.oicp.client import HubClient
from roamdesk.oicp.connecting import connect, hub_client
from roamdesk.oicp.mapping import authorisation_of
from roamdesk.oicp.port import Port
from roamdesk.oicp.pulling import pull_records
from roamdesk.oicp.pushing import push_tokens
from roamdesk.oicp.wire.charging import AuthorizeRemoteStop
from roamdesk.oicp.wire.writing import encode

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_waiting")]
NAMES = {"hub": HUB_NAME, "voltpass": "voltpass.example", "nordlade": "nordlade.example", "port": "roamdesk"}


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return issue(tmp_path_factory.mktemp("papers"), NAMES)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roamdesk.oicp.journal.spacing", lambda _: 0.0)
    monkeypatch.setattr("roamdesk.oicp.client.FIRST_PAUSE", 0.01)


@dataclass
class Roaming:
    """Both desks, connected through the hub."""

    msp: Desk
    cpo: Desk
    switchboard: Switchboard

    @property
    def memory(self) -> Memory:
        return self.switchboard.memory

    def fails(self, fault: Fault) -> None:
        self.switchboard.faults.fail_next(fault)


@pytest.fixture
def roaming(papers: Papers, msp_desk: Desk, cpo_desk: Desk) -> Iterator[Roaming]:
    ours = papers.of("port")
    port = Port("127.0.0.1", 0, certificate=str(ours.certificate), key=str(ours.key), roots=str(ours.root))
    port.start()
    base = f"https://127.0.0.1:{port.port}/oicp"
    memory = Memory(
        [
            HubPartner("voltpass.example", f"{base}/voltpass", provider_id=PROVIDER),
            HubPartner("nordlade.example", f"{base}/nordlade", operator_id=OPERATOR),
        ],
        {("DEVPS", "DENDL")},
    )
    partners = Partners(papers.of("hub"))
    with HubServer(Switchboard(memory, partners.forward), papers.of("hub")) as hub:
        connect(msp_desk, base_url=hub.url, credentials=papers.of("voltpass"), provider_id=PROVIDER, callers=[HUB_NAME])
        connect(cpo_desk, base_url=hub.url, credentials=papers.of("nordlade"), operator_id=OPERATOR, callers=[HUB_NAME])
        yield Roaming(msp_desk, cpo_desk, hub.switchboard)
    partners.close()
    port.stop()


def at_cpo(roaming: Roaming, call: Callable[[HubClient], Any]) -> Any:
    with hub_client(roaming.cpo) as client:
        return call(client)


def at_msp(roaming: Roaming, call: Callable[[HubClient], Any]) -> Any:
    with hub_client(roaming.msp) as client:
        return call(client)


@pytest.fixture
def card(roaming: Roaming) -> Token:
    with scope(desk=roaming.msp):
        return Token.objects.create(desk=roaming.msp, value=UID)


@pytest.fixture
def session(roaming: Roaming, card: Token, at: datetime) -> str:
    """The hub's id of a session of the card at Nordlade's station, which both desks know of."""
    with scope(desk=roaming.cpo):
        station = build_station(roaming.cpo, connection_id="holder/1")
        build_evse(station, EVSE)
        store_session_started(
            station, evse_number=1, connector_number=1, token=UID, transaction_id="tx-1", started_at=at, at=at
        )
    message = changed(AUTHORISE_START, SessionID=None, CPOPartnerSessionID="tx-1")
    said = at_cpo(roaming, lambda client: client.authorize_start(message))
    assert said.accepted
    origin = Origin(at, sent_by_us=True)
    ids = SessionIds(said.answer.SessionID, cpo="tx-1")
    record_authorisation(roaming.cpo, authorisation_of(message, origin, ids, said.answer.ProviderID))
    hub_id: str = said.answer.SessionID
    return hub_id


def changed(message: Any, **values: Any) -> Any:
    return type(message)(**{name: getattr(message, name) for name in message.__struct_fields__} | values)


class StationThread(threading.Thread):
    """Accepts the next order, as the process that holds the station does. `with`: until the end of the block."""

    def __init__(self) -> None:
        super().__init__()
        self._over = threading.Event()

    def __enter__(self) -> StationThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        with scopes_disabled():
            while not self._over.wait(0.02):
                command = Command.objects.select_related("desk", "station", "evse").filter(state="queued").first()
                if command is not None:
                    command_sent(command, message_id="m", request="{}", at=command.queued_at)
                    command_answered(command, Outcome.ACCEPTED, at=command.queued_at)
        connection.close()


def of(desk: Desk, kind: type[Any]) -> list[Any]:
    with scope(desk=desk):
        return list(kind.objects.filter(desk=desk).order_by("pk"))


def test_the_msp_stops_its_session_at_the_cpos_station_through_the_hub(roaming: Roaming, session: str) -> None:
    backend = backend_for(roaming.msp)
    assert backend
    with StationThread():
        answer = backend.stop(roaming.msp, StopOrder(session, EVSE))
    assert (answer.outcome, answer.reference != "") == (Outcome.ACCEPTED, True)
    (command,) = of(roaming.cpo, Command)
    assert (command.kind, command.outcome) == ("remote_stop", "accepted")


def test_310_is_unknown_though_the_cpo_did_it(roaming: Roaming, session: str) -> None:
    roaming.fails(Fault.PARTNER_SILENT)
    backend = backend_for(roaming.msp)
    assert backend
    with StationThread():
        answer = backend.stop(roaming.msp, StopOrder(session, EVSE))
    assert answer.outcome is Outcome.NO_ANSWER
    assert [command.outcome for command in of(roaming.cpo, Command)] == ["accepted"]


def test_a_session_that_the_hub_does_not_know_cannot_be_stopped(roaming: Roaming, session: str) -> None:
    def stop() -> Any:
        message = changed(REMOTE_STOP, SessionID=session)
        return at_msp(roaming, lambda client: client.remote_stop(message))

    roaming.fails(Fault.SESSION_UNKNOWN)
    assert (stop().verdict, of(roaming.cpo, Command)) == (Verdict.REFUSED, [])
    roaming.memory.session(session).provider_key = "DEXYZ"  # type: ignore[union-attr]
    assert stop().code == "400"
    message = changed(REMOTE_STOP, SessionID="00000000-0000-0000-0000-000000000000")
    assert at_msp(roaming, lambda client: client.remote_stop(message)).code == "400"


def record_of(session: str) -> Any:
    return changed(CDR, SessionID=session)


def test_a_record_arrives_at_the_msp_and_closes_the_session(roaming: Roaming, session: str) -> None:
    send = lambda client: client.send_charge_detail_record(record_of(session))  # noqa: E731
    assert at_cpo(roaming, send).accepted
    (known,) = of(roaming.msp, Session)
    assert (known.session_id, known.grade) == (session, "cdr")
    assert at_cpo(roaming, send).code == "400"
    message = changed(REMOTE_STOP, SessionID=session)
    assert at_msp(roaming, lambda client: client.remote_stop(message)).code == "400"


def test_a_record_that_comes_twice_and_by_pull_counts_once(roaming: Roaming, session: str) -> None:
    roaming.fails(Fault.RECORD_TWICE)
    at_cpo(roaming, lambda client: client.send_charge_detail_record(record_of(session)))
    now = datetime.now(UTC) + timedelta(minutes=1)
    tally = pull_records(roaming.msp, since=None, clock=lambda: now, progress=lambda _: None)
    assert tally.taken == 1
    assert len(of(roaming.msp, Session)) == len(of(roaming.msp, Cdr)) == 1


def test_a_record_that_was_not_forwarded_is_found_by_pull(roaming: Roaming, session: str) -> None:
    roaming.fails(Fault.NOT_FORWARDED)
    assert at_cpo(roaming, lambda client: client.send_charge_detail_record(record_of(session))).accepted
    assert of(roaming.msp, Cdr) == []
    now = datetime.now(UTC) + timedelta(minutes=1)
    pull_records(roaming.msp, since=None, clock=lambda: now, progress=lambda _: None)
    assert len(of(roaming.msp, Cdr)) == 1


def test_news_of_a_session_reach_the_msp(roaming: Roaming, session: str) -> None:
    assert at_cpo(roaming, lambda client: client.notify(changed(STARTED, SessionID=session))).accepted
    (known,) = of(roaming.msp, Session)
    assert known.grade == "started"
    stranger = changed(STARTED, SessionID="00000000-0000-0000-0000-000000000000")
    assert at_cpo(roaming, lambda client: client.notify(stranger)).code == "400"


def test_a_card_that_nobody_knows_is_refused_and_the_session_discarded(roaming: Roaming) -> None:
    message = changed(AUTHORISE_START, SessionID=None)
    said = at_cpo(roaming, lambda client: client.authorize_start(message))
    assert (said.verdict, said.code) == (Verdict.REFUSED, "106")
    assert roaming.memory.sessions == {}
    roaming.memory.contracts.clear()
    assert at_cpo(roaming, lambda client: client.authorize_start(message)).code == "210"


def test_tokens_left_with_the_hub_are_authorised_there_and_only_the_same_medium_stops(
    roaming: Roaming, card: Token
) -> None:
    push_tokens(roaming.msp)
    roaming.memory.partners[0].offline = True
    said = at_cpo(roaming, lambda client: client.authorize_start(changed(AUTHORISE_START, SessionID=None)))
    assert said.accepted
    assert of(roaming.msp, Session) == []
    stop = changed(AUTHORISE_STOP, SessionID=said.answer.SessionID)
    assert at_cpo(roaming, lambda client: client.authorize_stop(stop)).accepted
    other = changed(stop, Identification=REMOTE_START.Identification)
    assert at_cpo(roaming, lambda client: client.authorize_stop(other)).code == "102"


def start(roaming: Roaming) -> Any:
    return at_msp(roaming, lambda client: client.remote_start(REMOTE_START))


def test_a_remote_start_is_checked_in_the_published_order(roaming: Roaming, session: str) -> None:
    stranger = changed(REMOTE_START, EvseID="DE*XYZ*E1")
    assert at_msp(roaming, lambda client: client.remote_start(stranger)).code == "300"
    roaming.memory.partners[1].locked = True
    assert start(roaming).code == "017"
    roaming.memory.partners[1].locked = False
    contracts, roaming.memory.contracts = roaming.memory.contracts, set()
    assert start(roaming).code == "210"
    roaming.memory.contracts = contracts
    roaming.memory.evses = {"DENDLE1": {"OperatorID": OPERATOR}}
    assert start(roaming).code == "603"
    roaming.memory.evses = {"DENDLE04171": {"OperatorID": OPERATOR, "IsHubjectCompatible": False}}
    assert start(roaming).code == "604"
    roaming.memory.evses = {}
    before = set(roaming.memory.sessions)
    assert start(roaming).code == "602"
    assert set(roaming.memory.sessions) == before


def test_the_msp_starts_at_the_cpos_station_through_the_hub(roaming: Roaming) -> None:
    with scope(desk=roaming.cpo):
        build_evse(build_station(roaming.cpo, connection_id="holder/1"), EVSE)
    with StationThread():
        said = start(roaming)
    (command,), (session,) = of(roaming.cpo, Command), of(roaming.cpo, Session)
    assert (said.accepted, command.kind) == (True, "remote_start")
    assert session.session_id == said.answer.SessionID
    assert roaming.memory.session(session.session_id) is not None


def test_a_locked_partner_is_answered_differently_at_a_stop(roaming: Roaming, session: str) -> None:
    roaming.memory.partners[0].locked = True
    stop = changed(REMOTE_STOP, SessionID=session)
    assert at_msp(roaming, lambda client: client.remote_stop(stop)).code == "320"


@pytest.mark.parametrize(
    ("fault", "verdict", "http"),
    [
        (Fault.SYSTEM_ERROR, Verdict.REFUSED, 500),
        (Fault.UNAUTHORIZED, Verdict.REFUSED, 401),
        (Fault.INVALID, Verdict.WRONG_DATA, 400),
        (Fault.PROXY_REFUSES, Verdict.REFUSED, 403),
        (Fault.NOT_FOUND, Verdict.REFUSED, 404),
        (Fault.TIMED_OUT, Verdict.UNKNOWN, 408),
        (Fault.TOO_MANY, Verdict.TOO_MANY, 429),
    ],
)
def test_the_hub_can_be_told_to_fail(roaming: Roaming, fault: Fault, verdict: Verdict, http: int) -> None:
    roaming.fails(fault)
    said = at_msp(roaming, lambda client: client.remote_stop(REMOTE_STOP))
    assert (said.verdict, said.http_status) == (verdict, http)


def test_a_push_survives_a_hub_that_fails_for_a_moment(roaming: Roaming) -> None:
    roaming.fails(Fault.SYSTEM_ERROR)
    roaming.fails(Fault.TOO_MANY)
    said = at_cpo(roaming, lambda client: client.push_evse_status(STATUS_PUSH))
    assert (said.accepted, said.tries) == (True, 3)
    pulled = at_msp(roaming, lambda client: client.pull_evse_status_by_id(PULL_BY_ID))
    assert pulled.answer.EVSEStatusRecords.EvseStatusRecord[0].EvseStatus == "OutOfService"


def test_one_partner_cannot_speak_for_another(roaming: Roaming) -> None:
    def as_another(client: HubClient) -> Any:
        return replace(client, operator_id="DE*XYZ").authorize_start(AUTHORISE_START)

    assert at_cpo(roaming, as_another).code == "300"
    roaming.memory.partners.append(HubPartner("other.example", "https://127.0.0.1:1", operator_id="DE*XYZ"))
    said = at_cpo(roaming, as_another)
    assert (said.code, said.http_status) == ("017", 401)


def test_the_hub_names_what_it_cannot_read_as_it_does(roaming: Roaming) -> None:
    message = AuthorizeRemoteStop(SessionID="string", ProviderID=PROVIDER, EvseID=EVSE)
    path = f"/api/oicp/charging/v21/providers/{PROVIDER}/authorize-remote/stop"
    reply = roaming.switchboard.answer(path, {}, encode(message), "voltpass.example")
    assert reply.status == 400
    assert b'"fieldReference": "sessionID"' in reply.body
