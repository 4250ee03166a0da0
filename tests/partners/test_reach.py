from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import add_line
from roamdesk.partners.dialling import number_to_dial
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.reach import WEEK, Reach, Reason, reaches, unreachable

NIGHT = datetime(2026, 3, 10, 23, 40, tzinfo=UTC)
EASTER = datetime(2026, 4, 2, 22, 0, tzinfo=UTC)
CALL_CENTRE = ContactLine.Purpose.CALL_CENTRE
HOUR = timedelta(hours=1)


@pytest.fixture
def other(cpo: Partner) -> Partner:
    """An MSP in Berlin without any line."""
    return Partner.objects.create(desk=cpo.desk, name="Zu", plays_msp=True, region="BE")


def reach_of(partner: Partner, at: datetime = NIGHT, language: str = "en") -> Reach:
    [found] = reaches(partner.desk, at, language, [partner.pk])
    return found


def line(partner: Partner, **changes: Any) -> ContactLine:
    values = {"languages": ["en"], "verified_at": NIGHT - 10 * HOUR, "hours": "24/7"}
    return add_line(partner, "msp", CALL_CENTRE, "+493055507777", **values | changes)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], Reason.NO_NUMBER),
        ([{"hours": "whenever"}], Reason.UNREADABLE),
        ([{"hours": "Mon-Fri 08:00-18:00"}], Reason.CLOSED),
        ([{"languages": ["de"]}], Reason.NO_LANGUAGE),
        ([{"languages": ["de"]}, {"hours": "closed"}], Reason.NO_LANGUAGE),
        ([{"verified_at": None}], Reason.NEVER_VERIFIED),
        ([{"failures": 1}], Reason.FAILED),
        ([{"failures": 1}, {"verified_at": None}], Reason.FAILED),
        ([{"failures": 1}, {}], None),
        ([{"verified_at": NIGHT - timedelta(days=400)}], None),
    ],
)
def test_the_reason_is_the_hurdle_that_no_line_gets_past(
    other: Partner, lines: list[dict[str, Any]], reason: Reason | None
) -> None:
    for changes in lines:
        line(other, **changes)
    assert reach_of(other).reason == reason


def test_a_back_office_or_an_address_is_no_call_centre(other: Partner) -> None:
    add_line(other, "msp", ContactLine.Purpose.MSP_SUPPORT, "support@zu.example", channel="mail", languages=["en"])
    assert reach_of(other).reason is Reason.NO_NUMBER


def test_the_coming_week_shows_when_nobody_is_there(other: Partner) -> None:
    line(other, hours="Mon-Fri 08:00-18:00")
    found = reach_of(other)
    assert found.opens_at == datetime(2026, 3, 11, 7, tzinfo=UTC)
    assert [begin.hour for begin, _ in found.gaps] == [23, 17, 17, 17, 17, 17]
    assert found.gaps[3] == (datetime(2026, 3, 13, 17, tzinfo=UTC), datetime(2026, 3, 16, 7, tzinfo=UTC))


def test_two_lines_together_leave_no_gap(other: Partner) -> None:
    line(other, hours="Mon-Sun 08:00-20:00")
    line(other, hours="Mon-Sun 20:00-08:00")
    assert (reach_of(other).reason, reach_of(other).gaps) == (None, ())


def test_a_line_has_its_own_zone_and_its_partners_holidays(other: Partner) -> None:
    lisbon = line(other, hours="Mon-Sun 09:00-17:00", zone="Europe/Lisbon")
    first = reach_of(other).gaps[0][1]
    ContactLine.objects.filter(pk=lisbon.pk).update(zone="")
    assert (first.hour, reach_of(other).gaps[0][1].hour) == (9, 8)
    closed = [begin.date().day for begin, end in reach_of(other, EASTER).gaps if end - begin > 20 * HOUR]
    assert closed == [2, 5]


def test_the_clock_change_moves_the_hours_with_the_wall(other: Partner) -> None:
    line(other, hours="Mon-Sun 09:00-17:00")
    gaps = reach_of(other, datetime(2026, 3, 28, 20, tzinfo=UTC)).gaps
    assert [end.hour for _, end in gaps[:2]] == [7, 7]
    assert reach_of(other, datetime(2026, 3, 27, 20, tzinfo=UTC)).gaps[0][1].hour == 8


def test_every_role_of_every_partner_of_the_desk_alone_is_told(other: Partner) -> None:
    Partner.objects.filter(pk=other.pk).update(plays_cpo=True)
    found = [(reach.partner, reach.to) for reach in reaches(other.desk, NIGHT, "en")]
    assert found == [("Nordlade", "cpo_cc"), ("Zu", "cpo_cc"), ("Zu", "msp_cc")]
    assert unreachable(other.desk, NIGHT, "en", []) == []


def test_more_partners_take_no_more_queries(other: Partner, django_assert_num_queries: Any) -> None:
    for n in range(20):
        line(
            Partner.objects.create(desk=other.desk, name=f"P {n}", plays_msp=True),
            hours=f"Mon-Fri 08:00-{n % 10 + 9}:00",
        )
    with django_assert_num_queries(3):
        assert len(reaches(other.desk, NIGHT, "en")) == 22


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    forms=st.lists(
        st.tuples(
            st.sampled_from(["24/7", "business", "Mon-Sun 06:00-22:00", "22:00-06:00", "Sat 10:00-14:00", "closed"]),
            st.sampled_from(["", "Europe/Lisbon", "Asia/Tokyo"]),
        ),
        max_size=3,
    ),
    hours=st.integers(0, 400 * 24),
)
def test_who_is_reached_has_a_number_to_dial_now_and_the_other_way_round(
    other: Partner, forms: list[tuple[str, str]], hours: int
) -> None:
    other.lines.all().delete()
    for form, zone in forms:
        line(other, hours=form, zone=zone)
    at = NIGHT + hours * HOUR
    found = reach_of(other, at)
    assert (found.reason is None) == (number_to_dial(other, "msp_cc", at, "en").now is not None)
    opens = number_to_dial(other, "msp_cc", at, "en").next_to_open
    expected = None if opens is None or opens.opens_at is None else min(opens.opens_at, at + WEEK)
    assert found.reason is not Reason.CLOSED or found.opens_at == (expected or at + WEEK)
