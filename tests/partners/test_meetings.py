from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from builders import CPO_REFERENCE_MAIL
from roamdesk.correspondence.models import Message
from roamdesk.partners import invitations, inviting, meetings, publishing, todo
from roamdesk.partners.meetings import AgreedAction, MeetingRefused
from roamdesk.partners.models import InvitationReply, KickOff, MeetingAction, Partner
from roamdesk.partners.procedures import add_version, use_version
from roamdesk.procedure.loader import SHIPPED

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "calendar").glob("*.ics"))
TUESDAY = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
BEGINS = datetime(2026, 3, 12, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
Schedule = Callable[..., KickOff]


@pytest.fixture
def meeting(cpo: Partner, at: datetime) -> KickOff:
    return meetings.demand(cpo, by="Piet", at=at)


@pytest.fixture
def schedule(meeting: KickOff, at: datetime) -> Schedule:
    """Schedules the meeting for Thursday; keywords change it."""

    def put(**changes: Any) -> KickOff:
        values: dict[str, Any] = {
            "begins_at": BEGINS,
            "ends_at": BEGINS + HOUR,
            "place": "https://meet.example.com/kick-off",
            "invited": [CPO_REFERENCE_MAIL],
            "seen": KickOff.objects.get(pk=meeting.pk).sequence,
            "by": "Piet",
            "at": at,
        }
        return meetings.schedule(meeting, **values | changes)

    return put


def reply_to(meeting: KickOff, name: str = "010-outlook-accepted", sequence: int = 0) -> bytes:
    text = next(path for path in VECTORS if path.stem == name).read_bytes().decode()
    return text.replace("{uid}", meeting.uid).replace("{sequence}", str(sequence)).encode()


def take(meeting: KickOff, raw: bytes, sender: str = CPO_REFERENCE_MAIL) -> InvitationReply:
    return inviting.take_reply(meeting.desk, raw, sender=sender, at=TUESDAY)


def answers(meeting: KickOff) -> dict[str, str]:
    return dict(KickOff.objects.get(pk=meeting.pk).answers)


def mails(meeting: KickOff) -> list[Message]:
    return list(Message.objects.filter(about=f"meeting:{meeting.pk}").order_by("pk"))


@pytest.mark.parametrize(
    ("demanded_at", "country", "region", "due_on"),
    [
        (datetime(2026, 3, 10, 9, tzinfo=UTC), "DE", "BE", date(2026, 3, 17)),
        # Good Friday and Easter Monday lie within.
        (datetime(2026, 3, 31, 9, tzinfo=UTC), "DE", "BE", date(2026, 4, 9)),
        # Epiphany counts in Bavaria, not in Berlin.
        (datetime(2025, 12, 30, 9, tzinfo=UTC), "DE", "BE", date(2026, 1, 7)),
        (datetime(2025, 12, 30, 9, tzinfo=UTC), "DE", "BY", date(2026, 1, 8)),
        # Late in the evening it is the next day in the CPO's zone.
        (datetime(2026, 3, 9, 23, 30, tzinfo=UTC), "DE", "BE", date(2026, 3, 17)),
    ],
)
def test_the_cpo_owes_the_meeting_within_five_of_its_own_business_days(
    cpo: Partner, demanded_at: datetime, country: str, region: str, due_on: date
) -> None:
    """S6, A18."""
    cpo.country, cpo.region = country, region
    cpo.save()
    made = meetings.demand(cpo, by="Piet", at=demanded_at)
    assert made.due_on == due_on


def test_how_many_days_says_the_version_that_the_cpo_has_acknowledged(cpo: Partner, at: datetime) -> None:
    """Whatever the desk itself has taken up meanwhile."""
    text = (SHIPPED / "hubject.yaml").read_text("utf-8").replace('version: "1"', 'version: "2"')
    shorter = add_version(text.replace("business_days: 5", "business_days: 3"), at)
    published = publishing.publish(cpo.desk, shorter, in_force_from=at, by="Piet", at=at)
    use_version(cpo.desk, shorter)
    first = meetings.demand(cpo, by="Piet", at=at)
    publishing.acknowledge(published.acknowledgements.get(), name="R. Reference", at=at)
    second = meetings.demand(cpo, by="Piet", at=at)
    assert [(made.version.version, made.due_on) for made in (first, second)] == [
        ("1", date(2026, 3, 17)), ("2", date(2026, 3, 13)),
    ]  # fmt: skip


def test_demanded_twice_it_is_one_meeting(cpo: Partner, meeting: KickOff, at: datetime) -> None:
    again = meetings.demand(cpo, by="Ines", at=at + HOUR)
    assert (again.pk, again.demanded_at) == (meeting.pk, at)


def test_the_slots_lie_in_both_offices_hours_before_the_due_day_ends(meeting: KickOff, at: datetime) -> None:
    found = meetings.slots(meeting, at)
    assert found
    assert all(at + meetings.NOTICE <= begin and end <= meetings.due_at(meeting) for begin, end in found)
    assert {begin.weekday() for begin, _ in found} <= {0, 1, 2, 3, 4}


def test_an_invitation_stands_a_strict_reader(schedule: Schedule, meeting: KickOff) -> None:
    schedule(place="Hauptstraße 1; Room 2, left\\right")
    [mail] = mails(meeting)
    assert all(len(line.encode()) <= 75 for line in mail.calendar.split("\r\n"))
    assert "\n" not in mail.calendar.replace("\r\n", "")
    read = IcsCalendarStream.calendar_from_ics(mail.calendar)
    [event] = read.events
    assert (read.method, event.uid, event.sequence) == ("REQUEST", meeting.uid, 0)
    assert (event.dtstart, event.dtend, event.location) == (BEGINS, BEGINS + HOUR, "Hauptstraße 1; Room 2, left\\right")
    assert [attendee.uri for attendee in event.attendees] == [f"mailto:{CPO_REFERENCE_MAIL}"]
    assert event.organizer is not None
    assert event.organizer.uri == f"mailto:{meeting.desk.mail_from}"


def test_a_change_is_an_update_and_whoever_is_left_out_gets_a_cancellation(
    schedule: Schedule, meeting: KickOff
) -> None:
    schedule(invited=[CPO_REFERENCE_MAIL, "left.out@nordlade.example"])
    schedule(begins_at=BEGINS + 2 * HOUR, ends_at=BEGINS + 3 * HOUR)
    sent = [(mail.to, IcsCalendarStream.calendar_from_ics(mail.calendar)) for mail in mails(meeting)]
    told = [(to, read.method, read.events[0].sequence) for to, read in sent]
    assert told == [
        ([CPO_REFERENCE_MAIL], "REQUEST", 0),
        (["left.out@nordlade.example"], "REQUEST", 0),
        (["left.out@nordlade.example"], "CANCEL", 1),
        ([CPO_REFERENCE_MAIL], "REQUEST", 1),
    ]


def test_the_same_schedule_again_sends_nothing(schedule: Schedule, meeting: KickOff) -> None:
    schedule()
    schedule()
    assert len(mails(meeting)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_at": BEGINS}, "ends after it begins"),
        ({"ends_at": BEGINS + timedelta(days=2)}, "within 8 hours"),
        ({"begins_at": TUESDAY - HOUR, "ends_at": TUESDAY}, "has passed"),
        ({"invited": []}, "Invite 1 to 50"),
        ({"invited": ["a@b.example\nBcc: c@d.example"]}, "no e-mail address"),
        ({"place": "x" * 201}, "at most 200"),
        ({"place": "Room\x07"}, "one line"),
        ({"seen": 7}, "changed this meeting meanwhile"),
    ],
)
def test_a_schedule_that_cannot_be_changes_nothing(
    schedule: Schedule, meeting: KickOff, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MeetingRefused, match=words):
        schedule(**changes)
    assert (KickOff.objects.get(pk=meeting.pk).state, mails(meeting)) == ("due", [])


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_answer_of_a_mail_program_is_taken(schedule: Schedule, meeting: KickOff, path: Path) -> None:
    schedule()
    wanted = json.loads(path.with_suffix(".json").read_text())
    reply = take(meeting, reply_to(meeting, path.stem))
    assert (reply.verdict, reply.partstat, reply.comment) == ("taken", wanted["partstat"], wanted["comment"])
    assert answers(meeting) == {CPO_REFERENCE_MAIL: wanted["partstat"]}


@pytest.mark.parametrize(
    ("spoil", "sender", "verdict"),
    [
        (("r.reference@nordlade", "r.stranger@nordlade"), CPO_REFERENCE_MAIL, "stranger"),
        (("", ""), "somebody@elsewhere.example", "stranger"),
        (("", ""), "", "stranger"),
        (("kick-off-", "another-"), CPO_REFERENCE_MAIL, "stranger"),
        (("METHOD:REPLY", "METHOD:REQUEST"), CPO_REFERENCE_MAIL, "unreadable"),
        (("PARTSTAT=ACCEPTED", "PARTSTAT=PERHAPS"), CPO_REFERENCE_MAIL, "unreadable"),
        (("BEGIN:VEVENT", "BEGIN:VNOTHING"), CPO_REFERENCE_MAIL, "unreadable"),
        (("ATTENDEE;", "X-NOBODY;"), CPO_REFERENCE_MAIL, "unreadable"),
    ],
)
def test_an_answer_that_is_none_changes_nothing_and_is_kept(
    schedule: Schedule, meeting: KickOff, spoil: tuple[str, str], sender: str, verdict: str
) -> None:
    schedule()
    raw = reply_to(meeting).decode().replace(*spoil).encode()
    reply = take(meeting, raw, sender)
    assert (reply.verdict, bool(reply.reason), bytes(reply.raw)) == (verdict, True, raw)
    assert answers(meeting) == {}


def test_an_answer_to_an_invitation_that_was_changed_since_is_superseded(schedule: Schedule, meeting: KickOff) -> None:
    schedule()
    schedule(begins_at=BEGINS + HOUR, ends_at=BEGINS + 2 * HOUR)
    assert take(meeting, reply_to(meeting)).verdict == "superseded"
    assert take(meeting, reply_to(meeting, sequence=1)).verdict == "taken"


def test_the_same_answer_again_is_repeated_and_an_older_one_is_superseded(schedule: Schedule, meeting: KickOff) -> None:
    schedule()
    declined = reply_to(meeting, "020-gmail-declined")
    assert [take(meeting, declined).verdict for _ in range(2)] == ["taken", "repeated"]
    assert take(meeting, reply_to(meeting, "010-outlook-accepted")).verdict == "superseded"
    assert answers(meeting) == {CPO_REFERENCE_MAIL: "DECLINED"}


def test_an_answer_by_link_counts_like_one_by_mail(schedule: Schedule, meeting: KickOff) -> None:
    schedule()

    def answer(address: str, partstat: str, seen: int = 0) -> str:
        return inviting.answer_by_link(
            meeting, address=address, partstat=partstat, comment="", seen=seen, at=TUESDAY
        ).verdict

    assert answer("nobody@nordlade.example", "ACCEPTED") == "stranger"
    assert answer(CPO_REFERENCE_MAIL, "PERHAPS") == "unreadable"
    assert answer(CPO_REFERENCE_MAIL, "ACCEPTED") == "taken"
    schedule(begins_at=BEGINS + HOUR, ends_at=BEGINS + 2 * HOUR)
    assert answer(CPO_REFERENCE_MAIL, "ACCEPTED", seen=0) == "superseded"
    assert answers(meeting) == {}


@settings(max_examples=150, deadline=None)
@given(spoiled=st.lists(st.tuples(st.integers(0, 899), st.integers(0, 255)), max_size=8), cut=st.integers(0, 900))
def test_no_bytes_at_all_stop_the_reader(spoiled: list[tuple[int, int]], cut: int) -> None:
    raw = bytearray(VECTORS[0].read_bytes()[:900])
    for place, byte in spoiled:
        raw[place] = byte
    with contextlib.suppress(invitations.UnreadableReply):
        invitations.read_reply(bytes(raw[:cut]))


def test_called_off_the_invited_are_told_and_nothing_is_owed(
    schedule: Schedule, meeting: KickOff, cpo: Partner
) -> None:
    schedule()
    with pytest.raises(MeetingRefused, match="why"):
        meetings.call_off(meeting, reason=" ", by="Piet", at=TUESDAY)
    meetings.call_off(meeting, reason="The procedure is postponed.", by="Piet", at=TUESDAY)
    last = mails(meeting)[-1]
    assert IcsCalendarStream.calendar_from_ics(last.calendar).method == "CANCEL"
    assert "The procedure is postponed." in last.text
    assert take(meeting, reply_to(meeting)).verdict == "superseded"
    assert [task for task in todo.tasks_of(cpo.desk, TUESDAY) if task.kind is todo.Kind.KICK_OFF] == []


def test_minutes_and_actions_are_kept_once_it_took_place(schedule: Schedule, meeting: KickOff) -> None:
    schedule()
    actions = [AgreedAction("Test the first-level line", "Rita Reference", date(2026, 3, 20)), AgreedAction("", "")]
    with pytest.raises(MeetingRefused, match="not begun"):
        meetings.hold(meeting, minutes="All agreed.", actions=actions, by="Piet", at=TUESDAY)
    with pytest.raises(MeetingRefused, match="Who does"):
        meetings.hold(meeting, minutes="Yes.", actions=[AgreedAction("Test", " ")], by="Piet", at=BEGINS + HOUR)
    held = meetings.hold(meeting, minutes="All agreed.", actions=actions, by="Piet", at=BEGINS + HOUR)
    [action] = MeetingAction.objects.filter(meeting=held)
    assert (held.state, held.held_at, action.owner, action.due_on) == (
        "held",
        BEGINS,
        "Rita Reference",
        date(2026, 3, 20),
    )
    meetings.complete_action(action, at=BEGINS + 2 * HOUR)
    meetings.complete_action(action, at=BEGINS + 3 * HOUR)
    action.refresh_from_db()
    assert action.done_at == BEGINS + 2 * HOUR


def test_a_meeting_that_nobody_came_to_is_missed_and_can_be_demanded_again(
    schedule: Schedule, meeting: KickOff, cpo: Partner
) -> None:
    schedule()
    meetings.miss(meeting, reason="Nobody came.", by="Piet", at=BEGINS + HOUR)
    again = meetings.demand(cpo, by="Piet", at=BEGINS + HOUR)
    assert (KickOff.objects.get(pk=meeting.pk).state, again.pk != meeting.pk) == ("missed", True)


def test_until_it_is_scheduled_and_once_it_is_over_it_is_left_to_do(
    schedule: Schedule, meeting: KickOff, cpo: Partner
) -> None:
    def texts(at: datetime) -> list[str]:
        return [task.text for task in todo.tasks_of(cpo.desk, at) if task.kind is todo.Kind.KICK_OFF]

    assert "due by 17/03/2026" in texts(TUESDAY)[0]
    schedule()
    assert texts(TUESDAY) == []
    assert "Write the minutes" in texts(BEGINS + 2 * HOUR)[0]
