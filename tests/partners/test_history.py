"""Every change of a contact form is noted, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.partners.history import ChangeRefused, changes_of, take_back, values_of
from roamdesk.partners.models import ContactLine, FormChange, Partner
from roamdesk.partners.services import confirm_line, put_partner, remove_line, save_line

LINE: dict[str, Any] = {
    "role": "cpo", "purpose": "hotline", "channel": "phone", "value": "+49 800 5550 20", "languages": ["de"],
}  # fmt: skip

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


@pytest.fixture
def partner(msp_desk: Desk) -> Iterator[Partner]:
    with scope(desk=msp_desk):
        yield Partner.objects.get(name="Nordlade")


def test_a_new_line_is_noted_with_who_and_when(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at, by="Piet")
    newest = changes_of(partner)[0]
    assert (newest.kind, newest.by, newest.at, newest.before) == ("added", "Piet", at, {})
    assert newest.after == values_of(line)


def test_saving_what_stands_there_notes_nothing(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at, by="Piet")
    save_line(partner, **LINE, at=at + timedelta(days=1), by="Piet", line=line)
    assert FormChange.objects.filter(partner=partner, line_id=line.pk).count() == 1


def test_a_change_is_taken_back_by_one_more_change(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at, by="Piet")
    save_line(partner, **LINE | {"hours": "Mon-Fri 08:00-18:00"}, at=at, by="Ines", line=line)
    back = take_back(changes_of(partner)[0], by="Piet", at=at)
    line.refresh_from_db()
    assert line.hours == "24/7"
    assert (back.before["hours"], back.after["hours"], back.by) == ("Mon-Fri 08:00-18:00", "24/7", "Piet")


def test_a_removed_line_comes_back_to_be_confirmed(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at, by="Piet")
    values = values_of(line)
    remove_line(line, by="Ines", at=at)
    take_back(changes_of(partner)[0], by="Piet", at=at)
    restored = ContactLine.objects.get(partner=partner, purpose="hotline")
    assert values_of(restored) == values
    assert restored.verified_at is None


def test_taking_back_an_added_line_removes_it(partner: Partner, at: datetime) -> None:
    save_line(partner, **LINE, at=at, by="Piet")
    take_back(changes_of(partner)[0], by="Piet", at=at)
    assert not ContactLine.objects.filter(partner=partner, purpose="hotline").exists()


def test_an_older_change_waits_for_the_newer_one(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at, by="Piet")
    save_line(partner, **LINE | {"priority": 4}, at=at, by="Piet", line=line)
    newest, added = changes_of(partner)[:2]
    with pytest.raises(ChangeRefused, match="newer change back first"):
        take_back(added, by="Piet", at=at)
    take_back(newest, by="Piet", at=at)
    with pytest.raises(ChangeRefused, match="taken back already"):
        take_back(newest, by="Piet", at=at)


def test_another_number_forgets_what_the_old_one_failed(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at, by="Piet")
    ContactLine.objects.filter(pk=line.pk).update(failures=2, last_failed_at=at, last_failure="Nobody answered")
    line.refresh_from_db()
    changed = save_line(partner, **LINE | {"value": "+49 800 5550 21"}, at=None, by="Piet", line=line, changed_at=at)
    assert (changed.failures, changed.last_failed_at, changed.verified_at) == (0, None, None)


def test_a_confirmed_line_counts_no_failure(partner: Partner, at: datetime) -> None:
    line = save_line(partner, **LINE, at=at - timedelta(days=300), by="Piet")
    ContactLine.objects.filter(pk=line.pk).update(failures=2, last_failed_at=at, last_failure="Nobody answered")
    confirm_line(line, at=at, how="test_call")
    line.refresh_from_db()
    assert (line.failures, line.verified_at, line.verified_how) == (0, at, "test_call")


def test_a_corrected_partner_is_noted(partner: Partner, at: datetime) -> None:
    put_partner(partner.desk, "Nordlade", {"region": "BB"}, by="Piet", at=at)
    newest = changes_of(partner)[0]
    assert (newest.kind, newest.before["region"], newest.after["region"]) == ("partner", "BE", "BB")


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [("E08", "beginning of an EVSE id"), ("DE*NDL", "beginning of an EVSE id"), ("DE*NDL*E08\n", "beginning of")],
)
def test_a_prefix_begins_with_an_operator_id_and_goes_on(partner: Partner, prefix: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        put_partner(partner.desk, "Pleissewatt", {"plays_cpo": True, "evse_prefixes": [prefix]}, at=AT)


def test_a_prefix_belongs_to_one_partner(partner: Partner) -> None:
    put_partner(partner.desk, "Pleissewatt", {"plays_cpo": True, "evse_prefixes": ["DE*NDL*E08"]}, at=AT)
    with pytest.raises(ValueError, match="Pleissewatt's already"):
        put_partner(partner.desk, "Elbwatt", {"plays_cpo": True, "evse_prefixes": ["DENDLE08"]}, at=AT)
