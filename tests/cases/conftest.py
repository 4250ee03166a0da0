"""Two desks with a stuck cable between them: the CPO's case and the MSP's, at the step that a test asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.cases import services
from roamdesk.cases.actors import Actor
from roamdesk.cases.models import Case
from roamdesk.charging.models import Evse
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner

LABEL = "DE*NDL*E4421*1"
TOKEN = "04A2B3C4D5E680"
USER_PHONE = "+491705550142"
STUCK: dict[str, Any] = {"caller": "partner", "problem": "cable_stuck", "issue": "The cable does not come out."}
IDENTIFIED = {"token": TOKEN, "identity": "full", "unlock_asked": "yes"}
TEMPLATE = {"event_time": "2026-03-10T09:00:00+00:00", "cdr_reason": "the session still runs"}

Open = Callable[..., Case]


@pytest.fixture
def operator(cpo_operator: Person) -> Actor:
    return Actor.of(cpo_operator)


@pytest.fixture
def evse(cpo_desk: Desk) -> Evse:
    """Our socket with the label that the callers name."""
    with scope(desk=cpo_desk):
        return build_evse(build_station(cpo_desk), LABEL)


@pytest.fixture
def open_cpo(cpo_desk: Desk, msp_desk: Desk, evse: Evse, operator: Actor, at: datetime) -> Open:
    """Opens a stuck cable at the CPO, called in by VoltPass; keywords are more facts."""

    def opening(**facts: Any) -> Case:
        with scope(desk=cpo_desk):
            partner = Partner.objects.get(desk=cpo_desk)
        told = {**STUCK, "evse_label": LABEL, **facts}
        return services.open_case(cpo_desk, side="cpo", facts=told, partner=partner, actor=operator, at=at)

    return opening


@pytest.fixture
def open_msp(msp_desk: Desk, msp_operator: Person, at: datetime) -> Open:
    """Opens a stuck cable at the MSP, called in by its User; keywords are more facts."""

    def opening(**facts: Any) -> Case:
        told = {"caller": "user", "problem": "cable_stuck", "evse_label": LABEL, **facts}
        return services.open_case(msp_desk, side="msp", facts=told, actor=Actor.of(msp_operator), at=at)

    return opening


@pytest.fixture
def cpo_case(open_cpo: Open) -> Case:
    return open_cpo()


@pytest.fixture
def unlocking_case(open_cpo: Open) -> Case:
    """The CPO knows who the User is and owes the Unlock."""
    return open_cpo(**IDENTIFIED)


@pytest.fixture
def failing_case(unlocking_case: Case, operator: Actor, at: datetime) -> Case:
    """The Unlock failed and the User is not to be called."""
    return services.record_facts(unlocking_case, {"unlock": "failed", "consent": "no"}, actor=operator, at=at)


@pytest.fixture
def solved_case(unlocking_case: Case, operator: Actor, at: datetime) -> Case:
    """Freed; the success notice is owed, and knows all that the template wants."""
    values = {"unlock": "ok", "freed": "yes", **TEMPLATE}
    return services.record_facts(unlocking_case, values, actor=operator, at=at)


@pytest.fixture
def closed_case(solved_case: Case, operator: Actor, at: datetime) -> Case:
    """The success notice went by other means, and nothing is owed any more."""
    told = {"mailed_support": "successful", "mailed_focal_points": "successful"}
    return services.record_facts(solved_case, told, actor=operator, at=at)


@pytest.fixture
def real_db(transactional_db: None) -> Iterator[None]:
    """A database with real commits, for threads and processes; the jobs are emptied, as flushing leaves them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
