"""The page behind the link of an invitation: come, do not come, or perhaps."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from roamdesk.console.guest_shell import guest_page
from roamdesk.console.screens.meeting import meeting_screen
from roamdesk.partners.inviting import answer_by_link
from roamdesk.partners.models import GuestLink, InvitationReply, KickOff

TOLD = {
    InvitationReply.Verdict.TAKEN: "Your answer is noted.",
    InvitationReply.Verdict.REPEATED: "Your answer was noted before.",
}


def answer_invitation(request: HttpRequest, link: GuestLink, now: datetime) -> HttpResponse:
    """A GET answers nothing: programs that look through mail open links."""
    found = get_object_or_404(KickOff.objects.select_related("partner__desk", "version"), pk=link.about_id)
    told, refused = "", ""
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        reply = answer_by_link(
            found,
            address=link.sent_to,
            partstat=request.POST.get("answer", ""),
            comment=request.POST.get("comment", ""),
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else 0,
            at=now,
        )
        told = TOLD.get(InvitationReply.Verdict(reply.verdict), "")
        refused = "" if told else f"{reply.reason} Your answer was not noted. Look at the time below."
        found.refresh_from_db()
    return guest_page(
        request,
        "meeting",
        f"Kick-off meeting with {link.desk}",
        link=link,
        m=meeting_screen(found, now),
        answer=found.answers.get(link.sent_to, ""),
        told=told,
        refused=refused,
        status=422 if refused else 200,
    )
