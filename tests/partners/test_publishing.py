"""A procedure is published and acknowledged (S4); what is then in force between the two, and on what cases open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import CPO_BACK_OFFICE
from roamdesk.cases import writing
from roamdesk.cases.actors import Actor
from roamdesk.cases.services import open_case, record_facts
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk, Person
from roamdesk.partners import announcing, publishing, todo
from roamdesk.partners.agreed import agreed_with, versions_with
from roamdesk.partners.models import (
    Acknowledgement,
    ContactLine,
    DeskProcedure,
    GuestLink,
    Partner,
    ProcedureVersion,
    Publication,
)
from roamdesk.partners.procedures import (
    add_version,
    shipped_digest,
    shipped_version,
    use_version,
    version_between,
    version_in_force,
    versions_known,
)
from roamdesk.partners.publishing import PublicationRefused
from roamdesk.procedure.loader import SHIPPED

DAY = timedelta(days=1)
TUESDAY = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
SHIPPED_TEXT = (SHIPPED / "hubject.yaml").read_text("utf-8")
Publish = Callable[..., Acknowledgement]


def revised(label: str, minutes: int) -> ProcedureVersion:
    """The shipped procedure with another version and another target for outcomes."""
    text = SHIPPED_TEXT.replace('version: "1"', f'version: "{label}"').replace(
        "outcome: 15 min", f"outcome: {minutes} min"
    )
    return add_version(text, TUESDAY)


@pytest.fixture
def second(db: Any) -> ProcedureVersion:
    return revised("2", 10)


@pytest.fixture
def third(db: Any) -> ProcedureVersion:
    return revised("3", 5)


@pytest.fixture
def publish(cpo: Partner, at: datetime) -> Publish:
    """Publishes a version to the CPO, in force from a day later; keywords change it."""

    def put(version: ProcedureVersion, **changes: Any) -> Acknowledgement:
        values = {"partners": [cpo], "in_force_from": at + DAY, "by": "Piet", "at": at} | changes
        made = publishing.publish(cpo.desk, version, **values)
        announcing.write_batch(made.pk, values["at"])
        return Acknowledgement.objects.get(publication=made, partner=cpo)

    return put


def acknowledge(sent: Acknowledgement, at: datetime, name: str = "R. Reference") -> Acknowledgement:
    return publishing.acknowledge(sent, name=name, at=at)


def in_sql(partner: Partner, at: datetime) -> int:
    """The version that a case with this partner is opened on."""
    with transaction.atomic():
        found = writing.new_case(partner.desk_id, "2603", shipped_digest(), partner.pk, at).version_id
    assert found is not None
    return found


def in_a_list(partner: Partner, at: datetime) -> int:
    return versions_with([partner], version_in_force(partner.desk, at), at)[partner.pk].pk


def label_at(partner: Partner, at: datetime) -> str:
    """The version between the two, as all four say it."""
    version = version_between(partner.desk, partner, at)
    [agreed] = agreed_with(partner.desk, [partner], at)
    assert {version.pk, agreed.version.pk, in_a_list(partner, at)} == {in_sql(partner, at)}
    return version.version


def test_until_anything_is_published_the_desks_own_is_in_force(
    cpo: Partner, second: ProcedureVersion, at: datetime
) -> None:
    assert version_in_force(cpo.desk, at).version == label_at(cpo, at) == "1"
    use_version(cpo.desk, second)
    assert label_at(cpo, at) == "2"


def test_acknowledged_before_its_time_it_is_in_force_from_then_on(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    acknowledge(publish(second), at + timedelta(hours=1))
    just = timedelta(microseconds=1)
    assert [label_at(cpo, when) for when in (at, at + DAY - just, at + DAY)] == ["1", "1", "2"]
    assert agreed_with(cpo.desk, [cpo], at + 2 * DAY)[0].since == at + DAY


def test_acknowledged_late_it_is_in_force_from_the_acknowledgement(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    acknowledge(publish(second), at + 5 * DAY)
    assert [label_at(cpo, at + days * DAY) for days in (1, 4, 5)] == ["1", "1", "2"]
    assert agreed_with(cpo.desk, [cpo], at + 6 * DAY)[0].since == at + 5 * DAY


def test_a_silent_partner_keeps_what_it_ran_on_whatever_the_desk_does(
    cpo: Partner, second: ProcedureVersion, third: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    publish(second)
    use_version(cpo.desk, second)
    publish(third, at=at + DAY, in_force_from=at + 2 * DAY)
    use_version(cpo.desk, third)
    assert label_at(cpo, at + 9 * DAY) == "1"


def test_the_newer_one_acknowledged_alone_counts_and_the_older_one_later_changes_nothing(
    cpo: Partner, second: ProcedureVersion, third: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    older = publish(second, in_force_from=at + 9 * DAY)
    acknowledge(publish(third, in_force_from=at + DAY), at)
    assert label_at(cpo, at + 2 * DAY) == "3"
    acknowledge(older, at + 2 * DAY)
    assert label_at(cpo, at + 20 * DAY) == "3"


def test_the_older_one_acknowledged_alone_is_in_force(
    cpo: Partner, second: ProcedureVersion, third: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    older = publish(second)
    publish(third)
    acknowledge(older, at)
    assert label_at(cpo, at + 2 * DAY) == "2"


def test_a_partner_that_was_added_later_keeps_the_desks_own_until_it_acknowledges(
    cpo: Partner, second: ProcedureVersion, third: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    """The publication is older than the partner: what it ran on counts, not what the others ran on."""
    publish(third)
    use_version(cpo.desk, second)
    later = Partner.objects.create(desk=cpo.desk, name="Kilowerk", plays_cpo=True)
    assert label_at(later, at + 3 * DAY) == "2"
    publishing.publish(cpo.desk, third, partners=[later], by="Piet", at=at + 3 * DAY)
    assert label_at(later, at + 4 * DAY) == "2"
    acknowledge(Acknowledgement.objects.get(partner=later), at + 5 * DAY)
    assert label_at(later, at + 5 * DAY) == "3"


def test_a_case_stays_on_the_version_that_it_was_opened_with(
    cpo: Partner, second: ProcedureVersion, publish: Publish, msp_operator: Person, at: datetime
) -> None:
    sent, operator = publish(second), Actor.of(msp_operator)
    facts = {"caller": "user", "problem": "cable_stuck"}
    before = open_case(cpo.desk, side="msp", facts=facts, actor=operator, at=at, partner=cpo)
    acknowledge(sent, at)
    after = open_case(cpo.desk, side="msp", facts=facts, actor=operator, at=at + DAY, partner=cpo)
    record_facts(before, {"stuck_end": "station"}, actor=operator, at=at + DAY)
    before.refresh_from_db()
    assert (before.procedure.version, after.procedure.version) == ("1", "2")


moments = st.integers(0, 6)


@st.composite
def a_row(draw: st.DrawFn) -> tuple[int, int, int, int | None]:
    """Version, what it replaces, from when, acknowledged when."""
    return draw(moments) % 4, draw(moments) % 4, draw(moments), draw(st.none() | moments)


def expected(rows: list[tuple[int, int, int, int | None]], own: int, when: int) -> int:
    """The rule once more, in other words: each row takes over from the ones before it, once it may."""
    found = rows[0][1] if rows else own
    for version, _replaces, begins, acknowledged in rows:
        found = version if acknowledged is not None and max(begins, acknowledged) <= when else found
    return found


def test_python_sql_and_the_lists_say_the_same_in_every_situation(cpo: Partner, at: datetime) -> None:
    versions = [shipped_version(at), *(revised(str(n), n) for n in (20, 21, 22))]
    place = {version.pk: number for number, version in enumerate(versions)}

    @settings(max_examples=150, deadline=None)
    @given(rows=st.lists(a_row(), max_size=4, unique_by=lambda row: row[0]), own=st.none() | moments, when=moments)
    def check(rows: list[tuple[int, int, int, int | None]], own: int | None, when: int) -> None:
        with transaction.atomic():
            if own is not None:
                DeskProcedure.objects.create(desk=cpo.desk, version=versions[own % 4])
            for version, replaces, begins, acknowledged in rows:
                _sent(cpo, versions[version], versions[replaces], at + begins * DAY, acknowledged, at)
            then = at + when * DAY
            found = {
                place[version_between(cpo.desk, cpo, then).pk],
                place[agreed_with(cpo.desk, [cpo], then)[0].version.pk],
                place[in_a_list(cpo, then)],
                place[in_sql(cpo, then)],
            }
            transaction.set_rollback(True)
        assert found == {expected(rows, (own or 0) % 4, when)}

    check()


def _sent(
    partner: Partner,
    version: ProcedureVersion,
    replaces: ProcedureVersion,
    begins: datetime,
    acknowledged: int | None,
    at: datetime,
) -> None:
    made = Publication.objects.create(
        desk=partner.desk, version=version, published_at=at, published_by="Piet", in_force_from=begins
    )
    Acknowledgement.objects.create(
        desk=partner.desk, publication=made, partner=partner, replaces=replaces, made_at=at,
        acknowledged_at=None if acknowledged is None else at + acknowledged * DAY,
    )  # fmt: skip


# ---- the mail ----


def test_the_mail_says_in_words_what_changes_for_this_partner_and_from_when(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    sent = publish(second)
    [mail] = Message.objects.filter(about=f"acknowledgement:{sent.pk}")
    assert mail.to == sent.sent_to == [CPO_BACK_OFFICE]
    assert mail.subject == "Interoperability via Hubject 2: to be acknowledged"
    assert (
        "in force between VoltPass and Nordlade from 11/03/2026 09:15 UTC, once you have acknowledged it" in mail.text
    )
    assert "- The target 'outcome' is now 10 min (was 15 min)." in mail.text
    link = GuestLink.objects.get(about_id=sent.pk)
    assert (link.purpose, link.partner, link.sent_to) == ("procedure", cpo, CPO_BACK_OFFICE)


def test_a_partner_that_skipped_a_version_reads_what_changes_since_its_own(
    second: ProcedureVersion, third: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    publish(second)
    sent = publish(third)
    assert (sent.replaces.version, "is now 5 min (was 15 min)" in Message.objects.order_by("-pk")[0].text) == (
        "1",
        True,
    )


def test_each_address_gets_a_link_of_its_own_however_long_it_is(
    cpo: Partner, second: ProcedureVersion, publish: Publish
) -> None:
    long = "x" * 60
    for n in (1, 2):
        ContactLine.objects.create(
            desk=cpo.desk, partner=cpo, role="cpo", purpose="back_office", channel="mail",
            value=f"{long}@{n}.nordlade.example", languages=["en"],
        )  # fmt: skip
    publish(second)
    assert (Message.objects.count(), len({mail.text for mail in Message.objects.all()})) == (3, 3)


def test_a_partner_without_an_address_is_asked_by_phone(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    cpo.lines.filter(channel="mail").delete()
    sent = publish(second)
    assert (sent.sent_to, sent.sent_at, Message.objects.count()) == ([], None, 0)
    with pytest.raises(PublicationRefused, match="no address"):
        publishing.remind(sent, by="Piet", at=at + 2 * DAY)
    [task] = [task for task in todo.tasks_of(cpo.desk, at + 11 * DAY) if task.kind is todo.Kind.ACKNOWLEDGE]
    assert (task.about, "ask by phone" in task.text) == (sent.pk, True)


def test_a_version_is_not_published_into_the_past_and_its_time_stands(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    for refused in (None, at - DAY):
        with pytest.raises(PublicationRefused, match="Choose a time to come"):
            publish(second, in_force_from=refused)
    assert not Publication.objects.exists()
    publish(second)
    Partner.objects.create(desk=cpo.desk, name="Kilowerk", plays_cpo=True)
    with pytest.raises(PublicationRefused, match="that stands"):
        publish(second, partners=None, in_force_from=at + 9 * DAY)


def test_published_again_it_reaches_only_those_that_it_has_not_reached(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    publish(second, partners=None)
    with pytest.raises(PublicationRefused, match="published to all of them"):
        publish(second, partners=None, in_force_from=None)
    Partner.objects.create(desk=cpo.desk, name="Kilowerk", plays_cpo=True)
    publish(second, partners=None, in_force_from=None)
    assert Acknowledgement.objects.count() == 2
    assert Message.objects.count() == 1


def test_a_silent_partner_is_reminded_at_its_address_of_today_not_twice_a_day(
    cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    sent = publish(second)
    with pytest.raises(PublicationRefused, match="within a day"):
        publishing.remind(sent, by="Piet", at=at + timedelta(hours=23))
    ContactLine.objects.filter(value=CPO_BACK_OFFICE).update(value="new@nordlade.example")
    publishing.remind(sent, by="Piet", at=at + 2 * DAY)
    assert [mail.to for mail in Message.objects.order_by("pk")] == [[CPO_BACK_OFFICE], ["new@nordlade.example"]]
    acknowledge(sent, at + 3 * DAY)
    with pytest.raises(PublicationRefused, match="nothing to remind of"):
        publishing.remind(sent, by="Piet", at=at + 9 * DAY)


def test_who_acknowledges_first_has_signed(second: ProcedureVersion, publish: Publish, at: datetime) -> None:
    sent = publish(second)
    acknowledge(sent, at + DAY, "R.  Reference")
    again = publishing.acknowledge(sent, name="Somebody Else", by_hand="Piet", at=at + 2 * DAY)
    assert (again.acknowledged_by, again.acknowledged_at, again.by_hand) == ("R. Reference", at + DAY, "")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "R.\x07"])
def test_nobody_signs_without_a_name(second: ProcedureVersion, publish: Publish, at: datetime, name: str) -> None:
    sent = publish(second)
    with pytest.raises(PublicationRefused, match="Write the name"):
        acknowledge(sent, at, name)
    sent.refresh_from_db()
    assert sent.acknowledged_at is None


def test_a_version_is_known_to_the_desk_that_took_it_up_and_to_no_other(
    msp_desk: Desk, cpo: Partner, second: ProcedureVersion, publish: Publish, at: datetime
) -> None:
    publish(second)
    other = Desk.objects.get(slug="nordlade")
    assert {version.version for version in versions_known(msp_desk, at)} == {"1", "2"}
    assert {version.version for version in versions_known(other, at)} == {"1"}
