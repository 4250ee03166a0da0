"""Invitations leave by mail, and answers come back by mail or by link."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.partners import invitations, links, ports
from roamdesk.partners.invitations import ANSWERS, Invitation, Reply, UnreadableReply, read_reply
from roamdesk.partners.models import GuestLink, InvitationReply, KickOff

Verdict = InvitationReply.Verdict
COUNTER = "COUNTER"


def send_invitation(meeting: KickOff, *, by: str, at: datetime) -> None:
    """One mail for each who is invited, with a link of its own; in the caller's transaction."""
    calendar = invitations.request(_invitation(meeting, at))
    what = "changed" if meeting.sequence else "asked for"
    for address in meeting.invited:
        purpose = GuestLink.Purpose.MEETING
        _, token = links.make_link(meeting.partner, purpose=purpose, about=meeting.pk, sent_to=address, by=by, at=at)
        text = (
            f"Good day,\n\n{_about(meeting)} is {what}:\n\n{_when(meeting)}\n"
            f"Place: {meeting.place or 'not fixed yet'}\n\n"
            f"Answer with the invitation in your calendar, or here, without an account:\n{links.address_of(token)}\n\n"
            f"{meeting.desk}\n"
        )
        _post(meeting, address, "", f"{_about(meeting)}, {meeting.begins_at:%d/%m/%Y}", text, calendar, at)


def send_cancellation(meeting: KickOff, addresses: Iterable[str], *, by: str, at: datetime) -> None:
    """As the meeting stands, for these addresses; their links open nothing any more."""
    gone = list(addresses)
    if not gone:
        return
    calendar = invitations.cancel(_invitation(meeting, at, gone))
    text = f"Good day,\n\n{_about(meeting)} does not take place for you as planned:\n\n{_when(meeting)}\n"
    text += f"\nReason: {meeting.reason}\n" if meeting.reason else ""
    for address in gone:
        _post(meeting, address, "cancel", f"Called off: {_about(meeting)}", f"{text}\n{meeting.desk}\n", calendar, at)
    theirs = GuestLink.objects.filter(purpose=GuestLink.Purpose.MEETING, about_id=meeting.pk, sent_to__in=gone)
    theirs.filter(revoked_at__isnull=True).update(revoked_at=at)


def _post(meeting: KickOff, address: str, what: str, subject: str, text: str, calendar: str, at: datetime) -> None:
    key = f"meeting:{meeting.pk}:{meeting.sequence}:{what}:{meeting.invited.index(address)}"
    ports.post()(
        meeting.desk, partner=meeting.partner, about=f"meeting:{meeting.pk}", key=key, to=[address],
        subject=subject, text=text, calendar=calendar, at=at,
    )  # fmt: skip


def _invitation(meeting: KickOff, at: datetime, invited: Iterable[str] | None = None) -> Invitation:
    assert meeting.begins_at is not None
    assert meeting.ends_at is not None
    return Invitation(
        uid=meeting.uid,
        sequence=meeting.sequence,
        stamped_at=at,
        begins_at=meeting.begins_at,
        ends_at=meeting.ends_at,
        subject=_about(meeting),
        text=f"The procedure: {meeting.version}.",
        place=meeting.place,
        organizer=meeting.desk.mail_from,
        organizer_name=meeting.desk.name,
        invited=tuple(meeting.invited if invited is None else invited),
    )


def _about(meeting: KickOff) -> str:
    return f"Kick-off meeting of {meeting.desk} and {meeting.partner}"


def _when(meeting: KickOff) -> str:
    """By the clocks of both sides, and in UTC."""
    assert meeting.begins_at is not None
    assert meeting.ends_at is not None
    zones = dict.fromkeys((meeting.partner.zone, meeting.desk.zone, "UTC"))
    return "".join(
        f"{meeting.begins_at.astimezone(ZoneInfo(zone)):%A %d/%m/%Y %H:%M}–"
        f"{meeting.ends_at.astimezone(ZoneInfo(zone)):%H:%M} {zone}\n"
        for zone in zones
    )


def take_reply(desk: Desk, raw: bytes, *, sender: str, at: datetime) -> InvitationReply:
    """An answer that came by mail from ``sender``: kept as it is, then understood or not; nothing is lost.

    Only an answer of somebody invited to the newest invitation changes the meeting (RFC 5546, 3.2.3). Runs in the
    desk's scope.
    """
    with transaction.atomic():
        kept = InvitationReply(desk=desk, via="mail", raw=raw, sender=sender[:254], arrived_at=at)
        try:
            reply = read_reply(raw)
        except UnreadableReply as unreadable:
            return _judged(kept, Verdict.UNREADABLE, str(unreadable))
        kept.partstat = reply.partstat[:20] if reply.method == "REPLY" else COUNTER
        kept.comment, kept.sequence = reply.comment, reply.sequence
        meeting = KickOff.objects.select_for_update().filter(desk=desk, uid=reply.uid).first()
        if meeting is None:
            return _judged(kept, Verdict.STRANGER, "It answers no meeting of ours.")
        kept.meeting = meeting
        address = _invited_as(meeting, reply.attendee)
        if address is None or not _speaks_for(sender, address):
            return _judged(kept, Verdict.STRANGER, f"{reply.attendee or sender} was not invited. Ask who it is.")
        return _take(kept, meeting, address, reply)


def _take(kept: InvitationReply, meeting: KickOff, address: str, reply: Reply) -> InvitationReply:
    kept.sender = address
    if kept.partstat not in (*ANSWERS, COUNTER):
        return _judged(kept, Verdict.UNREADABLE, f"{reply.partstat or 'No answer'} is neither yes, no nor maybe.")
    if why := _superseded(kept, meeting, reply.stamped_at):
        return _judged(kept, Verdict.SUPERSEDED, why)
    return _note_answer(kept, meeting)


def answer_by_link(
    meeting: KickOff, *, address: str, partstat: str, comment: str, seen: int, at: datetime
) -> InvitationReply:
    """The answer of whoever holds the link that was sent to ``address``; ``seen`` is the sequence on the page."""
    with transaction.atomic():
        locked = KickOff.objects.select_for_update().get(pk=meeting.pk)
        raw = json.dumps({"partstat": partstat, "comment": comment, "sequence": seen}).encode()
        kept = InvitationReply(
            desk_id=locked.desk_id, meeting=locked, via="link", raw=raw, sender=address[:254], arrived_at=at,
            partstat=partstat[:20], comment=" ".join(comment.replace("\x00", "").split())[:500], sequence=seen,
        )  # fmt: skip
        if address not in locked.invited:
            return _judged(kept, Verdict.STRANGER, f"{address} is not invited any more.")
        return _take(kept, locked, address, Reply("REPLY", locked.uid, seen, address, partstat, comment, at))


def _superseded(kept: InvitationReply, meeting: KickOff, stamped_at: datetime | None) -> str:
    """Why the answer comes too late; empty where it does not."""
    if meeting.state != KickOff.State.SCHEDULED:
        return f"The meeting is {meeting.get_state_display().lower()}."
    if kept.sequence < meeting.sequence:
        return "It answers an older invitation; the meeting was changed since."
    newest = _newest_taken(meeting, kept.sender)
    if newest is not None and stamped_at is not None and newest.sequence == kept.sequence:
        known = _stamp_of(newest)
        if known is not None and stamped_at < known:
            return "A newer answer of the same person is known."
    return ""


def _note_answer(kept: InvitationReply, meeting: KickOff) -> InvitationReply:
    newest = _newest_taken(meeting, kept.sender)
    if newest and (newest.partstat, newest.comment, newest.sequence) == (kept.partstat, kept.comment, kept.sequence):
        return _judged(kept, Verdict.REPEATED, "The same answer is known.")
    meeting.answers = meeting.answers | {kept.sender: kept.partstat}
    meeting.save(update_fields=["answers"])
    return _judged(kept, Verdict.TAKEN, "")


def _newest_taken(meeting: KickOff, sender: str) -> InvitationReply | None:
    return meeting.replies.filter(sender=sender, verdict=Verdict.TAKEN).order_by("-pk").first()


def _stamp_of(reply: InvitationReply) -> datetime | None:
    """When its writer says that it was written, else when it came."""
    if reply.via == "link":
        return reply.arrived_at.astimezone(UTC)
    return read_reply(bytes(reply.raw)).stamped_at


def _judged(reply: InvitationReply, verdict: str, reason: str) -> InvitationReply:
    reply.verdict, reply.reason = verdict, reason[:300]
    reply.save()
    return reply


def _invited_as(meeting: KickOff, attendee: str) -> str | None:
    """The invited address that this one is, in capitals or not, with a tag (``name+tag@``) or without."""
    bare = {_bare(address): address for address in meeting.invited}
    return bare.get(_bare(attendee))


def _bare(address: str) -> str:
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.split('+')[0]}@{domain}"


def _speaks_for(sender: str, address: str) -> bool:
    """The same person, or a colleague who keeps the calendar: somebody of the same domain."""
    return _bare(sender).rpartition("@")[2] == _bare(address).rpartition("@")[2] != ""
