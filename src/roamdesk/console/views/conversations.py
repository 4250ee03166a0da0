"""A conversation, and what the back office does in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import update_wrapper
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from roamdesk.cases import inbox, mailing
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.cases.placing import open_case_from, place_mail
from roamdesk.cases.teamwork import take_case
from roamdesk.console.gate import at_desk
from roamdesk.console.screens.actions import named_case
from roamdesk.console.screens.conversation import conversation_screen
from roamdesk.console.shell import page
from roamdesk.correspondence import conversations
from roamdesk.correspondence.conversations import NotDone
from roamdesk.correspondence.drafts import keep_draft
from roamdesk.correspondence.enclosing import LARGEST_TOGETHER, MOST_FILES, File
from roamdesk.correspondence.models import Conversation, IncomingMail, Message
from roamdesk.desks.access import Access, Right


@dataclass(frozen=True)
class Doing:
    """One deed at a conversation: who, when, and what was posted."""

    request: HttpRequest
    access: Access
    talk: Conversation
    at: datetime

    @property
    def actor(self) -> Actor:
        return Actor.of(self.access.person)

    @property
    def case(self) -> Case:
        """Raises Refused where the mail belongs to none."""
        case = inbox.case_about(self.talk)
        if case is None:
            raise Refused("This mail stands in no case yet. Place it, or open a case from it.")
        return case

    @property
    def mail(self) -> IncomingMail:
        """The newest that came. Raises Refused where none did."""
        mail = IncomingMail.objects.filter(conversation=self.talk).order_by("-arrived_at", "-pk").first()
        if mail is None:
            raise Refused("No mail of theirs stands here any more. Look at it again.")
        return mail

    @property
    def message(self) -> Message:
        """The mail of ours that was meant. Raises Refused where it is not of this conversation."""
        number = self.posted("message")
        named = Message.objects.select_related("desk", "conversation").filter(conversation=self.talk)
        message: Message | None = named.filter(pk=number).first() if number.isdecimal() else None
        if message is None:
            raise Refused("There is no such mail in this conversation.")
        return message

    def posted(self, name: str) -> str:
        return self.request.POST.get(name, "")


LONGEST_SLEEP = timedelta(days=366)
Deed = Callable[..., HttpResponse | None]


@at_desk()
def conversation(request: HttpRequest, access: Access, talk: int) -> HttpResponse:
    return _page(request, access, found(access, talk))


def found(access: Access, number: int) -> Conversation:
    """The conversation of this desk. Raises Http404 as for one that does not exist."""
    known = inbox.conversation_of(access.desk, number)
    if known is None:
        raise Http404("There is no such conversation.")
    return known


def _page(request: HttpRequest, access: Access, talk: Conversation, **context: Any) -> HttpResponse:
    now, handles = datetime.now(UTC), access.may(Right.HANDLE_CASES)
    typed = request.POST.get("text") if request.method == "POST" else None
    veils = not access.may(Right.REVEAL)
    screen = conversation_screen(talk, access.person, now, may_answer=handles, veils=veils, typed=typed)
    title = talk.subject or "Mail"
    return page(request, access, "mail", title, template="conversation", c=screen, now=now, **context)


def deed(does: Deed) -> Callable[..., HttpResponse]:
    """A POST that does one thing, and shows the conversation, or what the deed returns. What is refused is said."""

    def done(request: HttpRequest, access: Access, /, talk: int) -> HttpResponse:
        here = found(access, talk)
        try:
            leads_to = does(Doing(request, access, here, datetime.now(UTC)))
        except (Refused, NotDone) as refused:
            return _page(request, access, found(access, talk), problem=str(refused), status=422)
        return leads_to or redirect("console:conversation", access.desk.slug, talk)

    update_wrapper(done, does)
    return require_POST(at_desk(Right.HANDLE_CASES)(done))


def _list(doing: Doing, name: str, **more: int) -> HttpResponse:
    """Back to the list that the mail stood in: the next one waits there."""
    address = reverse("console:mail", args=[doing.access.desk.slug])
    wanted: dict[str, str | int] = {"show": name, **more}
    return redirect(f"{address}?{urlencode(wanted)}")


@deed
def look(doing: Doing) -> HttpResponse:
    """The page was opened by somebody who works here."""
    conversations.look(doing.talk)
    return HttpResponse(status=204)


@deed
def draft(doing: Doing) -> HttpResponse:
    keep_draft(doing.talk, doing.access.person, doing.posted("text"), at=doing.at)
    return HttpResponse(status=204)


@deed
def answer(doing: Doing) -> None:
    keep_draft(doing.talk, doing.access.person, doing.posted("text"), at=doing.at)
    wanted = mailing.Answer(
        text=doing.posted("text"),
        key=doing.posted("key")[:40],
        to=tuple(doing.request.POST.getlist("to")),
        files=_files(doing.request),
        awaits="last" not in doing.request.POST,
        quotes="quotes" in doing.request.POST,
    )
    mailing.answer_mail(doing.case, doing.talk, wanted, actor=doing.actor, at=doing.at)


def _files(request: HttpRequest) -> list[File]:
    """Raises Refused before too much is read into memory."""
    sent = request.FILES.getlist("files")
    if len(sent) > MOST_FILES or sum(one.size or 0 for one in sent) > LARGEST_TOGETHER:
        raise Refused(f"Attach at most {MOST_FILES} files with {LARGEST_TOGETHER // 2**20} MB together.")
    return [File(one.name or "", one.content_type or "", one.read()) for one in sent]


@deed
def back(doing: Doing) -> None:
    """An answer is taken back before it leaves."""
    mailing.take_answer_back(doing.case, doing.message, actor=doing.actor, at=doing.at)


@deed
def again(doing: Doing) -> None:
    """An answer that was refused, or of which nothing is known, leaves once more."""
    mailing.send_answer_again(doing.case, doing.message, actor=doing.actor, at=doing.at)


@deed
def settle(doing: Doing) -> HttpResponse:
    before = doing.talk.todo
    mailing.settle_mail(doing.case, doing.talk, actor=doing.actor, at=doing.at)
    return _list(doing, before, done=doing.talk.pk)


@deed
def reopen(doing: Doing) -> None:
    mailing.answer_after_all(doing.case, doing.talk, actor=doing.actor, at=doing.at)


@deed
def snooze(doing: Doing) -> HttpResponse:
    until, before, case = _until(doing), doing.talk.todo, inbox.case_about(doing.talk)
    if case:
        mailing.put_off(case, doing.talk, until, actor=doing.actor, at=doing.at)
    else:
        conversations.snooze(doing.talk, until, at=doing.at)
    return _list(doing, before)


def _until(doing: Doing) -> datetime:
    """In UTC. Raises Refused for what is no instant with its zone, and for more than a year."""
    try:
        until = datetime.fromisoformat(doing.posted("until"))
    except ValueError:
        raise Refused("Choose until when it is put off.") from None
    if until.tzinfo is None or until - doing.at > LONGEST_SLEEP:
        raise Refused("Choose until when it is put off: a year at most.")
    return until.astimezone(UTC)


@deed
def wake(doing: Doing) -> None:
    conversations.wake(doing.talk)


@deed
def aside(doing: Doing) -> HttpResponse:
    """Not for us; the list offers to bring it back."""
    conversations.set_aside(doing.talk, by=str(doing.access.person), at=doing.at)
    return _list(doing, "unplaced", done=doing.talk.pk)


@deed
def bring_back(doing: Doing) -> None:
    conversations.bring_back(doing.talk, at=doing.at)


@deed
def place(doing: Doing) -> HttpResponse:
    mail = doing.mail
    case = named_case(doing.access.desk, doing.posted("case"))
    place_mail(mail, case, actor=doing.actor, at=doing.at)
    return _where_it_stands(doing, mail)


@deed
def open_case(doing: Doing) -> HttpResponse:
    mail = doing.mail
    side = doing.posted("side")
    open_case_from(mail, actor=doing.actor, at=doing.at, side=side if side in doing.access.desk.sides else "")
    return _where_it_stands(doing, mail)


def _where_it_stands(doing: Doing, mail: IncomingMail) -> HttpResponse:
    stands = IncomingMail.objects.get(pk=mail.pk).conversation_id
    return redirect("console:conversation", doing.access.desk.slug, stands)


@deed
def take(doing: Doing) -> None:
    take_case(doing.case, actor=doing.actor, at=doing.at)
