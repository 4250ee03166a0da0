from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from builders import CPO_REFERENCE_MAIL
from console.pages import page_of, text_of
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Person
from roamdesk.partners.models import KickOff, MeetingAction, Partner

NOW = datetime.now(UTC)


@pytest.fixture
def manager(client: Client, manager: Person) -> Person:
    client.force_login(manager)
    return manager


@pytest.fixture
def meeting(client: Client, manager: Person, partner: Partner) -> KickOff:
    client.post(f"/d/{partner.desk.slug}/partners/{partner.pk}/meetings")
    return KickOff.objects.get(partner=partner)


def path_of(meeting: KickOff) -> str:
    return f"/d/{meeting.desk.slug}/partners/{meeting.partner_id}/meetings/{meeting.pk}"


def invite(client: Client, meeting: KickOff, **changes: str) -> int:
    """Sends the form of the meeting's page with the first time that it proposes; the answer's status."""
    page = client.get(path_of(meeting)).content.decode()
    slot = re.search(r'name="slot" value="([^"]+)"', page)
    assert slot is not None
    meeting.refresh_from_db()
    values = {
        "do": "schedule", "slot": slot[1], "length": "60", "place": "Room 2", "invited": CPO_REFERENCE_MAIL,
        "seen": str(meeting.sequence),
    }  # fmt: skip
    status = client.post(path_of(meeting), values | changes).status_code
    meeting.refresh_from_db()
    return status


def link_in(mail: Message) -> str:
    found = re.search(r"/p/\S+", mail.text)
    assert found is not None
    return found[0]


def newest_mail() -> Message:
    return Message.objects.order_by("-pk")[0]


def test_a_demanded_meeting_says_by_when_it_is_owed(client: Client, manager: Person, meeting: KickOff) -> None:
    text = text_of(page_of(client, manager, path_of(meeting)))
    assert "To be scheduled" in text
    assert "5 business days left" in text
    assert CPO_REFERENCE_MAIL in text


def test_an_invitation_to_a_proposed_time_leaves_and_is_shown(
    client: Client, manager: Person, meeting: KickOff
) -> None:
    assert invite(client, meeting) == 302
    assert "METHOD:REQUEST" in newest_mail().calendar
    text = text_of(page_of(client, manager, path_of(meeting)))
    assert "Scheduled" in text
    assert f"No answer yet {CPO_REFERENCE_MAIL}" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slot": ""}, "Choose one of the times"),
        ({"slot": "tomorrow"}, "Choose one of the times"),
        ({"begins": "2020-01-01T10:00"}, "This time has passed"),
        ({"begins": "2027-03-28T02:30"}, "02:30"),
        ({"length": "0"}, "ends after it begins"),
        ({"invited": "nobody"}, "no e-mail address"),
        ({"do": "dance"}, "Load it again"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_what_was_typed_stays(
    client: Client, manager: Person, meeting: KickOff, changes: dict[str, str], words: str
) -> None:
    page = client.get(path_of(meeting)).content.decode()
    slot = re.findall(r'name="slot" value="([^"]+)"', page)[0]
    values = {"do": "schedule", "slot": slot, "length": "60", "place": "Typed place", "invited": CPO_REFERENCE_MAIL}
    answer = client.post(path_of(meeting), values | {"seen": "0"} | changes)
    text = answer.content.decode()
    assert (answer.status_code, words in text_of(text), "Typed place" in text) == (422, True, True)
    assert not Message.objects.exists()


def test_another_place_alone_leaves_the_time_as_it_stands(client: Client, manager: Person, meeting: KickOff) -> None:
    invite(client, meeting)
    meeting.refresh_from_db()
    values = {"do": "schedule", "length": "60", "place": "Room 9", "invited": CPO_REFERENCE_MAIL, "seen": "0"}
    assert client.post(path_of(meeting), values).status_code == 302
    moved = KickOff.objects.get(pk=meeting.pk)
    assert (moved.begins_at, moved.place, moved.sequence) == (meeting.begins_at, "Room 9", meeting.sequence + 1)


def test_the_invited_answers_by_link_never_by_opening_it(client: Client, manager: Person, meeting: KickOff) -> None:
    invite(client, meeting)
    link = link_in(newest_mail())
    assert "Room 2" in text_of(Client().get(link).content.decode())
    meeting.refresh_from_db()
    assert meeting.answers == {}
    values = {"seen": "0", "answer": "TENTATIVE", "comment": "I may be late"}
    assert "Your answer is noted" in text_of(Client().post(link, values).content.decode())
    text = text_of(page_of(client, manager, path_of(meeting)))
    assert f"Perhaps {CPO_REFERENCE_MAIL} I may be late" in text


def test_an_answer_to_an_older_time_by_link_is_told_and_not_counted(
    client: Client, manager: Person, meeting: KickOff
) -> None:
    invite(client, meeting)
    link = link_in(newest_mail())
    assert invite(client, meeting, place="Room 9") == 302
    answer = Client().post(link, {"seen": "0", "answer": "ACCEPTED"})
    assert (answer.status_code, "was changed since" in text_of(answer.content.decode())) == (422, True)
    text = text_of(page_of(client, manager, path_of(meeting)))
    assert "Answers that were not taken" in text


def test_minutes_are_kept_and_an_action_is_ticked_off(client: Client, manager: Person, meeting: KickOff) -> None:
    invite(client, meeting)
    KickOff.objects.update(begins_at=NOW - timedelta(hours=2), ends_at=NOW - timedelta(hours=1))
    values = {"do": "hold", "minutes": "All was agreed.", "0-text": "Test the line", "0-owner": "Rita", "0-due": ""}
    assert client.post(path_of(meeting), values).status_code == 302
    action = MeetingAction.objects.get()
    client.post(path_of(meeting), {"do": "done", "action": str(action.pk)})
    text = text_of(page_of(client, manager, path_of(meeting)))
    assert "Held" in text
    assert "All was agreed." in text
    assert "Done Test the line Rita" in text


def test_called_off_it_can_be_demanded_anew(client: Client, manager: Person, meeting: KickOff) -> None:
    client.post(path_of(meeting), {"do": "call_off", "reason": "Postponed."})
    client.post(f"/d/{meeting.desk.slug}/partners/{meeting.partner_id}/meetings")
    assert sorted(KickOff.objects.values_list("state", flat=True)) == ["cancelled", "due"]


def test_an_operator_reads_and_a_stranger_finds_nothing(
    client: Client, meeting: KickOff, msp_operator: Person, stranger: Person
) -> None:
    client.force_login(msp_operator)
    assert "Send the invitation" not in client.get(path_of(meeting)).content.decode()
    assert client.post(path_of(meeting), {"do": "call_off", "reason": "x"}).status_code == 403
    client.force_login(stranger)
    assert client.get(path_of(meeting)).status_code == 404
