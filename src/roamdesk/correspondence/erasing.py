"""What mails and calls say of people goes by retention; that they came and went, when and to whom, stays."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from roamdesk.correspondence.intake import drop_files
from roamdesk.correspondence.models import (
    ERASED,
    Call,
    Conversation,
    Draft,
    IncomingMail,
    Message,
    OutgoingFile,
)
from roamdesk.desks.models import Desk

_LEAVING = (Message.State.QUEUED, Message.State.SENDING)


def erase_about(desk: Desk, about: str, at: datetime) -> int:
    """Erase the words of all mails about it (``case:17``), drafts and Users' numbers in calls included; how many mails.

    An arrival stays, so that a mailbox does not bring its mail again. What is not read yet, or about to leave, is
    left for the next time. In the caller's transaction.
    """
    conversations = Conversation.objects.filter(desk=desk, about=about)
    Draft.objects.filter(desk=desk, conversation__in=conversations).delete()
    conversations.exclude(subject="").update(subject=ERASED)
    Call.objects.filter(desk=desk, about=about, to="user").update(number="")
    came = IncomingMail.objects.filter(desk=desk, about=about)
    return _erase(came, Message.objects.filter(desk=desk, about=about), at)


def erase_before(desk: Desk, before: datetime, at: datetime, *, but_about: str) -> int:
    """As ``erase_about``, for what came or was queued before; what is about something that begins so is left out."""
    old = Conversation.objects.filter(desk=desk).exclude(about__startswith=but_about)
    Draft.objects.filter(desk=desk, conversation__in=old, changed_at__lt=before).delete()
    came = IncomingMail.objects.filter(desk=desk, arrived_at__lt=before).exclude(about__startswith=but_about)
    sent = Message.objects.filter(desk=desk, queued_at__lt=before).exclude(about__startswith=but_about)
    over = Q(newest_in__in=came) | Q(newest_in=None, since__lt=before)
    old.filter(over).exclude(subject="").update(subject=ERASED)
    return _erase(came, sent, at)


def abouts_to_erase(desk: Desk, before: datetime, beginning: str) -> set[str]:
    """What mails that came or were queued before are about, where it begins so and they can be erased."""
    came = _read(IncomingMail.objects.filter(desk=desk, arrived_at__lt=before, about__startswith=beginning))
    sent = _gone(Message.objects.filter(desk=desk, queued_at__lt=before, about__startswith=beginning))
    return set(came.values_list("about", flat=True)) | set(sent.values_list("about", flat=True))


def _erase(came: QuerySet[IncomingMail], sent: QuerySet[Message], at: datetime) -> int:
    came, sent = _read(came), _gone(sent)
    large = list(came.filter(outside=True).values_list("sha256", flat=True))
    OutgoingFile.objects.filter(message__in=sent).delete()
    erased = came.update(inside=b"", outside=False, subject=ERASED, erased_at=at)
    erased += sent.update(subject=ERASED, text=ERASED, html="", calendar="", erased_at=at)
    if large:
        transaction.on_commit(partial(drop_files, large))
    return erased


def _read(came: QuerySet[IncomingMail]) -> QuerySet[IncomingMail]:
    return came.filter(erased_at=None).exclude(state=IncomingMail.State.STORED)


def _gone(sent: QuerySet[Message]) -> QuerySet[Message]:
    return sent.filter(erased_at=None).exclude(state__in=_LEAVING)
