from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import CPO_CALL_CENTRE, add_line
from roamdesk.partners.coverage import CoverageRow, coverage, week_around
from roamdesk.partners.models import ContactLine, Partner

AT = datetime(2026, 3, 17, 9, 15, tzinfo=UTC)
FIRST_LEVEL = ContactLine.Purpose.FIRST_LEVEL
BERLIN = ZoneInfo("Europe/Berlin")


def english(partner: Partner, at: datetime = AT) -> CoverageRow:
    wanted = (FIRST_LEVEL, "phone", "en")
    [row] = [
        row for row in coverage(partner, partner.lines.all(), at) if (row.purpose, row.channel, row.language) == wanted
    ]
    return row


def local(row: CoverageRow) -> list[str]:
    spans = [(begin.astimezone(BERLIN), end.astimezone(BERLIN)) for begin, end in row.open]
    return [f"{begin:%a %H:%M}-{end:%a %H:%M}" for begin, end in spans]


def put(partner: Partner, hours: str, zone: str = "") -> None:
    ContactLine.objects.filter(value=CPO_CALL_CENTRE).update(hours=hours, zone=zone)


def test_lines_for_the_same_purpose_are_laid_together(cpo: Partner) -> None:
    put(cpo, "Mon 08:00-18:00; Sun 22:00-02:00")
    add_line(cpo, "cpo", FIRST_LEVEL, "+493055501421", hours="Mon 17:00-20:00", languages=["en"])
    assert local(english(cpo)) == ["Mon 00:00-Mon 02:00", "Mon 08:00-Mon 20:00", "Sun 22:00-Mon 00:00"]


def test_a_line_is_staffed_by_its_own_clock(cpo: Partner) -> None:
    put(cpo, "Mon 08:00-18:00", "Asia/Tokyo")
    assert local(english(cpo)) == ["Mon 00:00-Mon 10:00"]


def test_nobody_comes_on_a_public_holiday(cpo: Partner) -> None:
    put(cpo, "Mon-Fri 08:00-18:00")
    good_friday = datetime(2026, 4, 1, tzinfo=UTC)
    assert [text[:3] for text in local(english(cpo, good_friday))] == ["Mon", "Tue", "Wed", "Thu"]


def test_around_the_clock_has_no_gap_and_unreadable_hours_are_one(cpo: Partner) -> None:
    assert english(cpo).gaps == ()
    put(cpo, "whenever")
    [(begin, end)] = english(cpo).gaps
    assert end - begin == timedelta(days=7)


@pytest.mark.parametrize(("at", "hours"), [("2026-03-25", 167), ("2026-10-21", 169), ("2026-03-10", 168)])
def test_a_week_with_a_clock_change_is_an_hour_shorter_or_longer(cpo: Partner, at: str, hours: int) -> None:
    when = datetime.fromisoformat(at).replace(tzinfo=UTC)
    midnights = week_around(when, BERLIN)
    put(cpo, "closed")
    [(begin, end)] = english(cpo, when).gaps
    assert (begin, end) == (midnights[0], midnights[-1])
    assert end.timestamp() - begin.timestamp() == hours * 3600
