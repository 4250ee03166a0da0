"""The session follows the authorisation that was answered: soon, once, in any order, and after a crash, too."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from oicp_messages import AUTHORISE_START, AUTHORISE_STOP, CDR, OPERATOR, SESSION, STARTED, UID
from roamdesk.charging.models import Evidence, Session, Token
from roamdesk.desks.models import Desk
from roamdesk.oicp import following
from roamdesk.oicp.following import Follower, fold_due
from roamdesk.oicp.models import Exchange
from roamdesk.oicp.tasks import fold_authorised, sweep

pytestmark = pytest.mark.usefixtures("emp_hub")
START = f"/charging/v21/operators/{OPERATOR}/authorize/start"
STOP = f"/charging/v21/operators/{OPERATOR}/authorize/stop"
RECORD = f"/cdrmgmt/v22/operators/{OPERATOR}/charge-detail-record"
NEWS = "/notificationmgmt/v11/charging-notifications"


@pytest.fixture(autouse=True)
def card(msp_desk: Desk) -> Token:
    with scope(desk=msp_desk):
        return Token.objects.create(desk=msp_desk, value=UID)


def sessions(desk: Desk) -> list[Session]:
    with scope(desk=desk):
        return list(Session.objects.filter(desk=desk))


def waiting(desk: Desk) -> int:
    with scope(desk=desk):
        return Exchange.objects.filter(desk=desk, unfolded=True).count()


def test_what_was_answered_is_kept_at_once_and_its_session_follows(msp_desk: Desk, hub_calls: Any, at: Any) -> None:
    assert hub_calls("voltpass", START, AUTHORISE_START, follows=False)["AuthorizationStatus"] == "Authorized"
    assert (sessions(msp_desk), waiting(msp_desk)) == ([], 1)
    assert fold_due() == 1
    (session,) = sessions(msp_desk)
    assert (session.session_id, session.token_key, session.started_at) == (SESSION, UID, at)
    with scope(desk=msp_desk):
        evidence = Evidence.objects.get()
    assert (evidence.provider_id, evidence.operator_id, evidence.reference) == ("DE-VPS", OPERATOR, "process-1")
    assert waiting(msp_desk) == 0


def test_an_answer_runs_prepared_statements_only(hub_calls: Any) -> None:
    with CaptureQueriesContext(connection) as through_django:
        hub_calls("voltpass", START, AUTHORISE_START, follows=False)
    assert through_django.captured_queries == []


@pytest.mark.parametrize("follows", [fold_due, fold_authorised, lambda: sweep(0)], ids=["port", "job", "sweep"])
def test_what_a_process_that_died_had_answered_is_found(msp_desk: Desk, hub_calls: Any, follows: Any) -> None:
    hub_calls("voltpass", START, AUTHORISE_START, follows=False)
    assert (follows(), follows()) == (1, 0)
    assert len(sessions(msp_desk)) == 1


def test_the_session_is_the_same_whatever_came_before_it_followed(msp_desk: Desk, hub_calls: Any) -> None:
    seen = []
    for follows in (True, False):
        hub_calls("voltpass", START, AUTHORISE_START, follows=follows)
        for path, message in ((NEWS, STARTED), (RECORD, CDR)):
            hub_calls("voltpass", path, message, follows=follows)
        fold_due()
        (session,) = sessions(msp_desk)
        seen.append((session.grade, session.token_key, session.started_at, session.ended_at, session.flags))
        session.delete()
    assert seen[0] == seen[1]
    assert seen[0][:2] == ("cdr", UID)


def test_a_stop_right_after_the_start_finds_its_session(hub_calls: Any) -> None:
    hub_calls("voltpass", START, AUTHORISE_START, follows=False)
    stop = type(AUTHORISE_STOP)(**_members(AUTHORISE_STOP, SessionID=SESSION.upper()))
    said = hub_calls("voltpass", STOP, stop, follows=False)
    assert said["AuthorizationStatus"] == "Authorized"


def test_one_that_cannot_follow_keeps_no_other_back_and_is_tried_again(
    msp_desk: Desk, hub_calls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_calls("voltpass", START, AUTHORISE_START, follows=False)
    hub_calls("voltpass", START, type(AUTHORISE_START)(**_members(AUTHORISE_START, SessionID="other-1")), follows=False)
    record = following.record_authorisation

    def fails(desk: Desk, said: Any) -> Session:
        if said.ids.hub == SESSION:
            raise RuntimeError("the disk is full")
        return record(desk, said)

    with monkeypatch.context() as patch:
        patch.setattr(following, "record_authorisation", fails)
        assert fold_due() == 1
    assert [session.session_id for session in sessions(msp_desk)] == ["other-1"]
    assert waiting(msp_desk) == 1
    assert fold_due() == 1
    assert len(sessions(msp_desk)) == 2


def _members(message: Any, **values: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__struct_fields__} | values


def test_a_session_id_that_is_none_is_refused_before_it_is_answered(msp_desk: Desk, hub_calls: Any) -> None:
    said = hub_calls("voltpass", START, type(AUTHORISE_START)(**_members(AUTHORISE_START, SessionID=" ")))
    assert (said["AuthorizationStatus"], said["StatusCode"]["Code"]) == ("NotAuthorized", "022")
    assert (sessions(msp_desk), waiting(msp_desk)) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_it_follows_within_a_second_in_a_thread_of_its_own(msp_desk: Desk, hub_calls: Any) -> None:
    follower = Follower(fold_due)
    follower.start()
    try:
        hub_calls("voltpass", START, AUTHORISE_START, follows=False)
        until = time.monotonic() + 1.0
        while time.monotonic() < until and not sessions(msp_desk):
            pass
        assert len(sessions(msp_desk)) == 1
    finally:
        follower.stop()


@pytest.mark.django_db(transaction=True)
def test_what_is_due_when_it_is_told_to_stop_is_done_first(msp_desk: Desk, hub_calls: Any) -> None:
    follower = Follower(fold_due)
    hub_calls("voltpass", START, AUTHORISE_START, follows=False)
    follower.start()
    follower.stop()
    assert len(sessions(msp_desk)) == 1
