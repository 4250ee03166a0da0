"""The inbox over HTTP: what is to be done, page by page, for those of the desk only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django_scopes import scope

from console.conftest import LABEL
from console.mails import answer_to, come, letter, path_of_talk, talk_of
from console.pages import page_of, text_of
from correspondence.mailbox_building import build_mailbox
from roamdesk.cases.inbox import _in_order
from roamdesk.cases.models import Case
from roamdesk.console.screens.inbox import inbox_screen
from roamdesk.correspondence.models import Conversation, IncomingMail, Mailbox
from roamdesk.desks.models import Desk, Person

NOW = datetime.now(UTC)
STRANGER = {"From": "someone@else.example"}


def shown(client: Client, person: Person, name: str = "new", more: str = "") -> str:
    return page_of(client, person, f"/d/voltpass/mail?show={name}{more}")


def subjects(client: Client, person: Person, name: str) -> list[str]:
    html = shown(client, person, name)
    return [part.partition("<")[0] for part in html.split('<span class="next">')[1:]]


def quarantined(desk: Desk) -> IncomingMail:
    mail = come(desk, letter(Subject="x"), NOW)
    with scope(desk=desk):
        state = IncomingMail.State.QUARANTINED
        IncomingMail.objects.filter(pk=mail.pk).update(state=state, reason="RuntimeError: no", conversation=None)
        Conversation.objects.all().delete()
    return mail


def test_each_mail_stands_in_the_list_of_what_is_to_be_done(client: Client, stuck: Case, msp_operator: Person) -> None:
    desk = stuck.desk
    answer_to(stuck, NOW)
    come(desk, letter(Subject="Who are you", **STRANGER), NOW)
    come(desk, letter(Subject="News", List_Id="<n.example>", **STRANGER), NOW)
    found = {name: subjects(client, msp_operator, name) for name in ("new", "ours", "unplaced", "aside")}
    assert found == {
        "new": [f"Re: {stuck.reference} stuck cable"], "ours": [], "unplaced": ["Who are you"], "aside": ["News"],
    }  # fmt: skip


def test_how_the_mailboxes_are_doing_is_a_press_away_and_marked_when_something_is_wrong(
    client: Client, msp_desk: Desk, msp_operator: Person
) -> None:
    to_mailboxes = 'id="to-mailboxes" href="/d/voltpass/mailboxes">Mailboxes'
    assert f"{to_mailboxes}</a>" in shown(client, msp_operator)
    box = build_mailbox(msp_desk, 1143)
    with scope(desk=msp_desk):
        Mailbox.objects.filter(pk=box.pk).update(failures=3, last_error="It does not answer.", failing_since=NOW)
    assert "Mailboxes 1 to look at" in text_of(shown(client, msp_operator).split('id="to-mailboxes"')[1][:400])


def test_a_mail_that_may_belong_is_overdue_after_the_target_of_an_answer_and_a_strangers_never(
    client: Client, stuck: Case, msp_operator: Person
) -> None:
    monday, tuesday = datetime(2026, 3, 9, 9, tzinfo=UTC), datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    come(stuck.desk, letter(f"EVSE id: {LABEL}", Subject="Your session"), monday)
    come(stuck.desk, letter(Subject="Who are you", **STRANGER), monday)

    def marks(now: datetime) -> dict[str, tuple[str, str]]:
        with scope(desk=stuck.desk):
            rows = inbox_screen(stuck.desk, "Europe/Berlin", now, "unplaced", "").rows
        return {row.subject: (row.mark.word, row.place) for row in rows}

    stranger = ("Unplaced", "belongs to nothing that we know")
    assert marks(monday + timedelta(hours=4)) == {
        "Your session": ("Unplaced", "waits 4 h, due 10/03 10:00"), "Who are you": stranger,
    }  # fmt: skip
    assert marks(tuesday) == {"Your session": ("Overdue", "waits 1 d, due 10:00"), "Who are you": stranger}


def test_an_empty_list_says_what_is_true_and_where_something_is(
    client: Client, stuck: Case, msp_operator: Person
) -> None:
    assert "Nobody has written anything that nobody has looked at." in shown(client, msp_operator)
    answer_to(stuck, NOW)
    assert "1 under “New”: press 1" in text_of(shown(client, msp_operator, "ours"))


def test_what_waits_longest_is_first(client: Client, stuck: Case, msp_operator: Person) -> None:
    for hours in (1, 3, 2):
        come(stuck.desk, letter(Subject=f"{hours} h", **STRANGER), NOW - timedelta(hours=hours))
    assert subjects(client, msp_operator, "unplaced") == ["3 h", "2 h", "1 h"]


def test_the_pages_of_a_long_list_hold_each_mail_once(client: Client, stuck: Case, msp_operator: Person) -> None:
    with scope(desk=stuck.desk):
        Conversation.objects.bulk_create(
            Conversation(
                desk=stuck.desk, about=f"mail:{n}", who="a@b.example", subject=f"No. {n}.", todo="unplaced",
                since=NOW - timedelta(seconds=n // 3),
            )
            for n in range(120)
        )  # fmt: skip
    seen, after = list[str](), ""
    for _ in range(3):
        html = shown(client, msp_operator, "unplaced", after)
        seen += [part.partition("<")[0] for part in html.split('<span class="next">')[1:]]
        after = html.partition("?show=unplaced&amp;after=")[2].partition('"')[0]
        after = f"&after={after}"
    assert sorted(seen) == sorted(f"No. {n}." for n in range(120))


@pytest.mark.parametrize("place", ["x", "_", "2026-01-01_", "2026-01-01T00:00:00+00:00_x", "9" * 400])
def test_a_place_that_nobody_gave_out_is_not_found(
    client: Client, msp_desk: Desk, msp_operator: Person, place: str
) -> None:
    client.force_login(msp_operator)
    assert client.get(f"/d/voltpass/mail?show=unplaced&after={place}").status_code == 404


def test_the_rail_counts_what_waits_for_us(client: Client, stuck: Case, msp_operator: Person) -> None:
    answer_to(stuck, NOW)
    come(stuck.desk, letter(Subject="Who", **STRANGER), NOW)
    assert '<span class="n" id="mail-count">2</span>' in page_of(client, msp_operator, "/d/voltpass/queue")


def test_opening_it_says_that_somebody_has_looked_and_an_auditor_changes_nothing(
    client: Client, stuck: Case, msp_operator: Person, msp_auditor: Person
) -> None:
    mail = answer_to(stuck, NOW)
    assert "/look" not in page_of(client, msp_auditor, path_of_talk(mail))
    assert 'hx-trigger="load"' in page_of(client, msp_operator, path_of_talk(mail))
    assert client.post(path_of_talk(mail, "/look")).status_code == 204
    assert talk_of(mail).todo == "ours"


def test_a_mail_in_quarantine_says_why_and_is_read_again(client: Client, msp_desk: Desk, msp_operator: Person) -> None:
    mail = quarantined(msp_desk)
    assert subjects(client, msp_operator, "quarantine") == ["RuntimeError: no"]
    address = f"/d/voltpass/mail/unread/{mail.pk}"
    assert "RuntimeError: no" in page_of(client, msp_operator, address)
    html = client.post(f"{address}/again", follow=True).content.decode()
    assert "It is read once more" in html
    with scope(desk=msp_desk):
        assert IncomingMail.objects.get(pk=mail.pk).next_attempt_at is not None


def test_read_again_twice_says_that_there_is_nothing_to_read(client: Client, stuck: Case, msp_operator: Person) -> None:
    mail = answer_to(stuck, NOW)
    client.force_login(msp_operator)
    html = client.post(f"/d/voltpass/mail/unread/{mail.pk}/again", follow=True).content.decode()
    assert "nothing to read again" in html


def test_at_a_hundred_thousand_mails_the_inbox_asks_no_more_than_at_one(
    client: Client, stuck: Case, msp_operator: Person, django_assert_max_num_queries: Any
) -> None:
    answer_to(stuck, NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO correspondence_conversation (desk_id, about, who, subject, todo, aside_by, mails, since)"
            " SELECT %s, 'mail:' || n, 'a@b.example', 'No. ' || n, (ARRAY['unplaced', 'nothing', 'nothing', 'aside'])"
            "[n %% 4 + 1], '', 1, now() - n * interval '1 minute' FROM generate_series(1, 100000) n",
            [stuck.desk.pk],
        )
        cursor.execute("ANALYZE correspondence_conversation")
    client.force_login(msp_operator)
    client.get("/d/voltpass/mail")
    for name in ("new", "unplaced", "aside", "snoozed", "quarantine"):
        with django_assert_max_num_queries(14):
            assert client.get(f"/d/voltpass/mail?show={name}").status_code == 200


def test_the_list_is_read_by_its_index(msp_desk: Desk) -> None:
    with scope(desk=msp_desk), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for name in ("unplaced", "snoozed", "aside"):
            plan = _in_order(msp_desk, name, NOW, "")[:51].explain()
            assert "conversation_to_do" in plan or "conversation_put_off" in plan
            assert "Seq Scan on correspondence_conversation" not in plan
