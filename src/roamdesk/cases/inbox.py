"""The back office's inbox: conversations by what is to be done, each with the case it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet

from roamdesk.cases.calendars import our_office
from roamdesk.cases.changing import about
from roamdesk.cases.models import Case
from roamdesk.correspondence import conversations
from roamdesk.correspondence.conversations import Todo
from roamdesk.correspondence.models import Conversation, IncomingMail, Message, OutgoingFile
from roamdesk.desks.models import Desk
from roamdesk.partners.procedures import procedure_at, version_in_force

LENGTH = 50
SNOOZED, QUARANTINE = "snoozed", "quarantine"
LISTS = (Todo.NEW, Todo.OURS, Todo.THEIRS, SNOOZED, Todo.UNPLACED, QUARANTINE, Todo.ASIDE)
MOST_OF_A_CONVERSATION = 100


@dataclass(frozen=True)
class Entry:
    """A row of the inbox: a conversation, with its case where it has one."""

    conversation: Conversation
    case: Case | None


@dataclass(frozen=True)
class Listing:
    """``more`` is the place after the last row, empty at the end. Exactly one of the two lists has rows."""

    entries: tuple[Entry, ...]
    unread: tuple[IncomingMail, ...]
    more: str


def counts(desk: Desk, now: datetime) -> dict[str, int]:
    """How many stand in each of ``LISTS``. Two queries. Runs in the desk's scope."""
    found = conversations.to_do(desk, now)
    return {name: found.get(name, 0) for name in LISTS} | {QUARANTINE: quarantined(desk).count()}


def waiting(desk: Desk, now: datetime) -> int:
    """How many conversations wait for us: new, ours to answer, unplaced. For the mark on every page."""
    asleep = Q(snoozed_until__gt=now)
    ours = Conversation.objects.filter(desk=desk, todo__in=[Todo.NEW, Todo.OURS, Todo.UNPLACED])
    return ours.exclude(asleep).count()


def listing(desk: Desk, name: str, now: datetime, after: str = "") -> Listing:
    """The next rows of one of ``LISTS``: what has waited longest first; what is aside, newest first.

    Three queries at most, whatever the number of mails. Runs in the desk's scope.
    """
    if name == QUARANTINE:
        rows = list(quarantined(desk).order_by("pk").filter(pk__gt=_number(after))[: LENGTH + 1])
        return Listing((), tuple(rows[:LENGTH]), str(rows[LENGTH - 1].pk) if len(rows) > LENGTH else "")
    found = list(_in_order(desk, name, now, after)[: LENGTH + 1])
    more = _place(name, found[LENGTH - 1]) if len(found) > LENGTH else ""
    return Listing(tuple(_with_cases(desk, found[:LENGTH])), (), more)


def due_in(desk: Desk, found: Iterable[Entry], now: datetime) -> dict[int, datetime]:
    """Until when (UTC) a partner's mail that stands in no case is taken up: as soon as one is answered (A21).

    By number of the conversation, by our own office's hours; a stranger's is never due. One query at most.
    """
    talks = [each.conversation for each in found]
    waiting = [talk for talk in talks if talk.todo == Todo.UNPLACED and talk.partner_id]
    target = procedure_at(version_in_force(desk, now).pk).targets.get("answer") if waiting else None
    if target is None:
        return {}
    office = our_office(desk, now)
    return {
        talk.pk: office.after(talk.since, target.length) if target.business_hours else talk.since + target.length
        for talk in waiting
    }


def quarantined(desk: Desk) -> QuerySet[IncomingMail]:
    found: QuerySet[IncomingMail] = IncomingMail.objects.filter(desk=desk, state=IncomingMail.State.QUARANTINED)
    return found


def _in_order(desk: Desk, name: str, now: datetime, after: str) -> QuerySet[Conversation]:
    field, newest_first = "snoozed_until" if name == SNOOZED else "since", name == Todo.ASIDE
    asleep = Q(snoozed_until__gt=now)
    rows = Conversation.objects.filter(desk=desk).select_related("partner")
    rows = rows.filter(asleep).exclude(todo=Todo.NOTHING) if name == SNOOZED else rows.filter(todo=name).exclude(asleep)
    if after:
        at, pk = _placed(after)
        past = "lt" if newest_first else "gt"
        rows = rows.filter(Q(**{f"{field}__{past}": at}) | Q(**{field: at, f"pk__{past}": pk}))
    found: QuerySet[Conversation] = rows.order_by(*((f"-{field}", "-pk") if newest_first else (field, "pk")))
    return found


def _place(name: str, last: Conversation) -> str:
    at = last.snoozed_until if name == SNOOZED else last.since
    return f"{at.isoformat()}_{last.pk}" if at else ""


def _placed(after: str) -> tuple[datetime, int]:
    """Raises ValueError for a place that nobody gave out."""
    at, _, pk = after.rpartition("_")
    return datetime.fromisoformat(at), int(pk)


def _number(after: str) -> int:
    return int(after) if after else 0


def _with_cases(desk: Desk, found: Sequence[Conversation]) -> Iterable[Entry]:
    cases = cases_of(desk, [one.about for one in found])
    for one in found:
        one.desk = desk
        yield Entry(one, cases.get(one.about))


def cases_of(desk: Desk, abouts: Iterable[str]) -> dict[str, Case]:
    """The case that each is about; one that was merged is the case it was merged into."""
    wanted = {one.removeprefix("case:") for one in abouts if one.startswith("case:")}
    found = Case.objects.filter(desk=desk, pk__in=wanted).select_related("owner", "partner", "merged_into__owner")
    return (
        {about(case): case.merged_into or case for case in found.defer("known", "merged_into__known")} if wanted else {}
    )


# ---- one conversation ----


def conversation_of(desk: Desk, number: int) -> Conversation | None:
    found: Conversation | None = (
        Conversation.objects.filter(desk=desk, pk=number)
        .select_related("desk", "partner", "newest_in")
        .defer("newest_in__inside")
        .first()
    )
    return found


def case_about(conversation: Conversation) -> Case | None:
    """The case that it is about, whole; the one that it was merged into."""
    if not conversation.about.startswith("case:"):
        return None
    related = ("desk", "partner", "owner", "evse__station", "procedure")
    case = Case.objects.filter(desk=conversation.desk, pk=conversation.about.removeprefix("case:")).first()
    stands = (case.merged_into_id or case.pk) if case else 0
    return Case.objects.select_related(*related).filter(pk=stands).first()


def conversations_of(case: Case) -> list[Conversation]:
    """All conversations of a case, those of cases merged into it among them; each correspondent by itself."""
    merged = Case.objects.filter(merged_into=case).values_list("pk", flat=True)
    abouts = [about(case), *(f"case:{pk}" for pk in merged)]
    found = Conversation.objects.filter(desk=case.desk, about__in=abouts).select_related("partner")
    return list(found.order_by("pk"))


def mails_of(conversation: Conversation) -> list[IncomingMail | Message]:
    """The newest hundred in and out, in order; without their bytes, with the number of ``copies`` that came as well."""
    came = IncomingMail.objects.filter(conversation=conversation).annotate(copies=Count("incomingmail"))
    came = came.order_by("-arrived_at", "-pk")
    sent = Message.objects.filter(conversation=conversation).prefetch_related(
        Prefetch("files", OutgoingFile.objects.defer("content"))
    )
    sent = sent.order_by("-queued_at", "-pk")
    both: list[IncomingMail | Message] = [*came[:MOST_OF_A_CONVERSATION], *sent[:MOST_OF_A_CONVERSATION]]
    return sorted(both, key=moment_of)[-MOST_OF_A_CONVERSATION:]


def moment_of(mail: IncomingMail | Message) -> datetime:
    """When it came, or was written (UTC)."""
    return mail.arrived_at if isinstance(mail, IncomingMail) else mail.queued_at
