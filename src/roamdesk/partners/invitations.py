"""Invitations to a meeting as iCalendar objects, and the replies that come back (RFC 5545, 5546, 6047)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Event, vCalAddress, vDDDTypes, vText

PRODID = "-//Roamdesk//Roamdesk//EN"
ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE")
LARGEST = 500_000
_COMMENT = 500


class UnreadableReply(ValueError):
    """This is no answer to an invitation; the text says what it is instead."""


@dataclass(frozen=True)
class Invitation:
    """What an invitation says; instants are aware UTC, ``invited`` and ``organizer`` are mail addresses."""

    uid: str
    sequence: int
    stamped_at: datetime
    begins_at: datetime
    ends_at: datetime
    subject: str
    text: str
    place: str
    organizer: str
    organizer_name: str
    invited: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """An answer as it was read. ``method`` is REPLY or COUNTER; ``partstat`` one of ANSWERS, in capitals."""

    method: str
    uid: str
    sequence: int
    attendee: str
    partstat: str
    comment: str
    stamped_at: datetime | None


def request(invitation: Invitation) -> str:
    """METHOD:REQUEST, for a first invitation and, with a higher sequence, for a change (RFC 5546, 3.2.2)."""
    return _written("REQUEST", "CONFIRMED", invitation)


def cancel(invitation: Invitation) -> str:
    """METHOD:CANCEL (RFC 5546, 3.2.5)."""
    return _written("CANCEL", "CANCELLED", invitation)


def _written(method: str, status: str, invitation: Invitation) -> str:
    event = Event()
    event.add("uid", invitation.uid)
    event.add("dtstamp", invitation.stamped_at.astimezone(UTC))
    event.add("sequence", invitation.sequence)
    event.add("dtstart", invitation.begins_at.astimezone(UTC))
    event.add("dtend", invitation.ends_at.astimezone(UTC))
    event.add("summary", invitation.subject)
    event.add("description", invitation.text)
    if invitation.place:
        event.add("location", invitation.place)
    event.add("status", status)
    event.add("transp", "OPAQUE")
    event["organizer"] = _address(invitation.organizer, {"cn": invitation.organizer_name})
    for address in invitation.invited:
        wants = {"role": "REQ-PARTICIPANT", "partstat": "NEEDS-ACTION", "rsvp": "TRUE"}
        event.add("attendee", _address(address, wants), encode=False)
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode("utf-8")


def _address(address: str, parameters: dict[str, str]) -> vCalAddress:
    value = vCalAddress(f"mailto:{address}")
    for name, text in parameters.items():
        value.params[name] = vText(text)
    return value


def read_reply(raw: bytes) -> Reply:
    """The answer in an iCalendar object, as mail programs write it. Raises UnreadableReply."""
    if len(raw) > LARGEST:
        raise UnreadableReply(f"The answer is larger than {LARGEST // 1000} kB.")
    calendar = _calendar(raw)
    method = str(calendar.get("METHOD", "")).upper()
    if method not in ("REPLY", "COUNTER"):
        raise UnreadableReply(f"It is no answer: its method is {method[:20] or 'missing'}.")
    events = calendar.walk("VEVENT")
    if not events:
        raise UnreadableReply("It is an answer to no meeting.")
    event = events[0]
    attendee = _attendee(event)
    return Reply(
        method=method,
        uid=str(event.get("UID", ""))[:200],
        sequence=_number(event.get("SEQUENCE", 0)),
        attendee=_mail_in(str(attendee)),
        partstat=str(attendee.params.get("PARTSTAT", "")).upper(),
        comment=_comment(event),
        stamped_at=_stamp(event),
    )


def _calendar(raw: bytes) -> Any:
    """The object itself; programs write it in latin-1 too, and break lines as they like."""
    for charset in ("utf-8-sig", "latin-1"):
        try:
            text = raw.decode(charset).replace("\x00", "")
            return Calendar.from_ical(text)
        except (UnicodeDecodeError, ValueError, LookupError, TypeError, AttributeError, IndexError, KeyError):
            continue
    raise UnreadableReply("It is no calendar object that can be read.")


def _attendee(event: Any) -> vCalAddress:
    """The one who answers; an answer names exactly one (RFC 5546, 3.2.3)."""
    found = event.get("ATTENDEE", [])
    given = found if isinstance(found, list) else [found]
    if len(given) != 1 or not isinstance(given[0], vCalAddress):
        raise UnreadableReply(f"It names {len(given) or 'no'} persons who answer, one is needed.")
    return given[0]


def _mail_in(text: str) -> str:
    bare = text.strip()
    return bare[7:] if bare.lower().startswith("mailto:") else bare


def _number(value: Any) -> int:
    try:
        return min(max(int(value), 0), 2_000_000_000)
    except (TypeError, ValueError):
        return 0


def _comment(event: Any) -> str:
    found = event.get("COMMENT", "")
    texts: Sequence[Any] = found if isinstance(found, list) else [found]
    return " ".join(" ".join(str(text) for text in texts).replace("\x00", "").split())[:_COMMENT]


def _stamp(event: Any) -> datetime | None:
    stamp = event.get("DTSTAMP")
    at = stamp.dt if isinstance(stamp, vDDDTypes) else None
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo else None
