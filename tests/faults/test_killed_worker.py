"""Workers are real processes here, killed without mercy: nothing is lost, and nothing goes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from case_reading import events, fresh, kinds
from correspondence.smtp_peer import BOUND, Script, SmtpPeer
from faults.processes import wait_until, worker
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.integrity import verify_chains
from roamdesk.cases.models import Case
from roamdesk.cases.notices import send_notice
from roamdesk.correspondence.models import Message

pytestmark = pytest.mark.usefixtures("real_db")
TAKEN_UP_WITHIN = 60  # seconds: a start on a busy machine, and one round of the sweep
DUE_IN = 10  # seconds
REMINDED_WITHIN = 30  # seconds after a duty is due


@pytest.fixture
def at() -> datetime:
    """The workers look at the real clock: what was asked for then is due in a few seconds."""
    return datetime.now(UTC) - timedelta(minutes=15) + timedelta(seconds=DUE_IN)


def give_up_the_dead_senders_lease(message: Message) -> None:
    """As if its minute had passed."""
    with scopes_disabled():
        Message.objects.filter(pk=message.pk).update(leased_until=datetime.now(UTC) - timedelta(seconds=1))


def test_a_worker_killed_between_the_verb_and_the_mail_loses_nothing_and_sends_nothing_twice(
    solved_case: Case, operator: Actor, peer: SmtpPeer, at: datetime
) -> None:
    peer.script = Script(hold_data=True)
    message = send_notice(solved_case, "mail_success", actor=operator, at=at)
    with worker(peer.port):
        assert peer.at_data.wait(BOUND)
    peer.script = Script()
    peer.release.set()
    give_up_the_dead_senders_lease(message)
    with worker(peer.port):
        wait_until(lambda: fresh(solved_case).state == "closed", TAKEN_UP_WITHIN)
    assert [mail["Message-ID"] for mail in peer.taken] == [message.message_id]
    assert kinds(solved_case).count("mail_queued") == 1
    assert list(verify_chains()) == []


def test_of_two_workers_one_reminds_and_within_thirty_seconds_of_the_due_time(
    unlocking_case: Case, operator: Actor, peer: SmtpPeer, at: datetime
) -> None:
    with worker(peer.port), worker(peer.port):
        wait_until(lambda: "overdue" in kinds(unlocking_case), DUE_IN + REMINDED_WITHIN)
        services.add_note(unlocking_case, "A second reminder would come with this round.", actor=operator, at=at)
    (reminder,) = events(unlocking_case, "overdue")
    due = at + timedelta(minutes=15)
    assert timedelta(0) <= reminder.at - due <= timedelta(seconds=REMINDED_WITHIN)
