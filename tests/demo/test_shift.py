"""The shift that is under way when the demo starts."""

from __future__ import annotations

from datetime import datetime

import pytest
from django_scopes import scope

from roamdesk.cases.selectors import queue
from roamdesk.correspondence.models import Message
from roamdesk.demo.data import seed
from roamdesk.demo.shift import RUNNING, begin_shift
from roamdesk.desks.models import Desk, Person


@pytest.mark.django_db
def test_every_lane_of_the_queue_has_a_case_and_a_second_start_adds_none(at: datetime) -> None:
    seed(at)
    assert begin_shift(at) == len(RUNNING) + 1
    assert begin_shift(at) == 0
    desk = Desk.objects.get(slug="voltpass")
    with scope(desk=desk):
        shown = queue(desk, Person.objects.get(username="mara@voltpass"), at)
    assert {lane.key: lane.total for lane in shown.lanes} == {"overdue": 1, "mine": 1, "ours": 3, "partner": 1}


@pytest.mark.django_db
def test_a_request_to_the_other_desk_waits_in_the_outbox(at: datetime) -> None:
    seed(at)
    begin_shift(at)
    desk = Desk.objects.get(slug="voltpass")
    with scope(desk=desk):
        message = Message.objects.get(desk=desk, about__startswith="case:")
    assert (message.state, message.origin, message.to) == ("queued", "person", ["backoffice@nordlade.example"])
    assert "session NDL-S-771204, CDR not yet issued: none has come" in message.text
