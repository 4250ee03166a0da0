from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from builders import CPO_CALL_CENTRE
from roamdesk.correspondence import services
from roamdesk.correspondence.models import Call
from roamdesk.desks.models import Desk
from roamdesk.partners.models import ContactLine, Partner


def line_of(desk: Desk) -> ContactLine:
    return ContactLine.objects.get(desk=desk, value=CPO_CALL_CENTRE)


def call(desk: Desk, at: datetime, **changes: Any) -> Call:
    values: dict[str, Any] = {"to": "cpo_cc", "result": "answered", "by": "Olga", "number": CPO_CALL_CENTRE}
    partner = Partner.objects.get(desk=desk)
    return services.log_call(desk, partner=partner, at=at, about="case:17", **values | changes)


def test_an_answered_call_is_logged_and_freshens_the_line(msp_desk: Desk, at: datetime) -> None:
    with scope(desk=msp_desk):
        logged = call(msp_desk, at, seconds=184)
        assert (logged.number, logged.result, logged.seconds, logged.by) == (
            CPO_CALL_CENTRE,
            "answered",
            184,
            "Olga",
        )
        assert line_of(msp_desk).last_answered_at == at


@pytest.mark.parametrize("changes", [{"result": "no_answer"}, {"direction": "in"}, {"number": "+493055501499"}])
def test_only_an_answer_on_the_number_that_we_dialled_freshens_the_line(
    msp_desk: Desk, at: datetime, changes: dict[str, Any]
) -> None:
    with scope(desk=msp_desk):
        call(msp_desk, at, **changes)
        assert line_of(msp_desk).last_answered_at is None


@pytest.mark.parametrize("to", ["msp_fp", "cpo_fp", "msp_support", "cpo_backoffice", "msp_backoffice", "user"])
def test_a_call_to_anybody_whom_a_procedure_names_is_logged(msp_desk: Desk, at: datetime, to: str) -> None:
    with scope(desk=msp_desk):
        assert call(msp_desk, at, to=to).to == to


def test_a_call_that_is_logged_late_does_not_make_the_line_look_older(msp_desk: Desk, at: datetime) -> None:
    with scope(desk=msp_desk):
        call(msp_desk, at)
        call(msp_desk, at - timedelta(hours=1))
        assert line_of(msp_desk).last_answered_at == at


@pytest.mark.parametrize("changes", [{"to": "everybody"}, {"result": "ok"}, {"seconds": -1}, {"direction": "sideways"}])
def test_a_call_that_makes_no_sense_is_refused_and_not_logged(
    msp_desk: Desk, at: datetime, changes: dict[str, Any]
) -> None:
    with scope(desk=msp_desk):
        with pytest.raises(services.CallRefused):
            call(msp_desk, at, **changes)
        assert not Call.objects.exists()
