"""Load a hub's directory page by page, to be swapped in at once; killed in the middle, it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django_scopes import scope

from roamdesk.charging.models import Evse, EvseRecord, Pull
from roamdesk.charging.roaming.page_writing import write_page
from roamdesk.charging.roaming.said_of_evses import Page
from roamdesk.charging.roaming.swapping import forget_records, swap
from roamdesk.charging.roaming.texts import clean
from roamdesk.desks.models import Desk

RESUMED_WITHIN = timedelta(hours=12)
SHRINKS_TO = 0.5  # of the directory: a smaller whole load asks first

State = Pull.State
Fetch = Callable[[int], Page]
Clock = Callable[[], datetime]


class PullRefused(ValueError):
    """This page or load cannot be taken; the directory is as it was. The text says what to do."""


def import_evses(
    desk: Desk,
    fetch: Fetch,
    *,
    whole: bool,
    as_of: str,
    source: str = "",
    clock: Clock,
    progress: Callable[[Pull], None],
) -> Pull:
    """Fetch all pages and swap them in; a load that was cut off goes on at its next page.

    ``fetch`` gives the page of a number, from 0; what it raises goes through, and the next call resumes.
    A whole load withdraws what it does not name; ``as_of`` is kept for the next load of changes, empty where the
    source knows none. ``source`` names the file that the pages come from. The pull comes back SWAPPED, or WAITING
    with a question: see ``decide_pull``. Raises PullRefused.
    """
    pull = begin_pull(desk, whole=whole, as_of=as_of, source=source, at=clock())
    while not pull.complete:
        take_page(pull, fetch(pull.next_page), clock())
        progress(pull)
    return finish_pull(pull, clock())


def begin_pull(desk: Desk, *, whole: bool, as_of: str, source: str = "", at: datetime) -> Pull:
    """The desk's load that was cut off, to go on with, or a new one.

    One that waits for a decision is dropped, and so is one of another source: pages of two never mix.
    """
    source = clean(source, 80)
    with scope(desk=desk), transaction.atomic():
        for open_one in Pull.objects.select_for_update().filter(desk=desk, state__in=[State.LOADING, State.WAITING]):
            resumable = open_one.state == State.LOADING and (open_one.whole, open_one.source) == (whole, source)
            if resumable and at - open_one.heard_at <= RESUMED_WITHIN:
                return open_one
            _drop(open_one, at)
        pull: Pull = Pull.objects.create(
            desk=desk, whole=whole, as_of=clean(as_of, 48), source=source, started_at=at, heard_at=at
        )
    return pull


def take_page(pull: Pull, page: Page, at: datetime) -> Pull:
    """Put a page beside the directory, where no reader sees it. Raises PullRefused when it is not the next one."""
    with scope(desk=pull.desk), transaction.atomic():
        stored = Pull.objects.select_for_update().get(pk=pull.pk)
        _check_next(stored, page)
        write_page(stored, page)
        stored.next_page, stored.complete, stored.heard_at = page.number + 1, page.last, at
        stored.save()
    _take_over(pull, stored)
    return pull


def finish_pull(pull: Pull, at: datetime) -> Pull:
    """Swap the load in; where it would empty the directory, or half of it, it waits for ``decide_pull`` instead.

    Raises PullRefused before the last page.
    """
    with scope(desk=pull.desk), transaction.atomic():
        stored = Pull.objects.select_for_update().get(pk=pull.pk)
        if stored.state != State.LOADING or not stored.complete:
            raise PullRefused("The last page is not there yet. Fetch the pages that follow; nothing was changed.")
        stored.question = _question(stored)
        if stored.question:
            stored.state = State.WAITING
            stored.save(update_fields=["state", "question"])
        else:
            swap(stored, at)
    if stored.state == State.SWAPPED:
        forget_records(stored)
    _take_over(pull, stored)
    return pull


def decide_pull(pull: Pull, *, take: bool, by: str, at: datetime) -> Pull:
    """A person's answer to the question of a load that waits: swap it in all the same, or drop it."""
    with scope(desk=pull.desk), transaction.atomic():
        stored = Pull.objects.select_for_update().get(pk=pull.pk)
        if stored.state != State.WAITING:
            raise PullRefused("This load waits for no decision any more. Look at the newest one.")
        stored.decided_by = by[:80]
        if take:
            swap(stored, at)
        else:
            _drop(stored, at)
    if take:
        forget_records(stored)
    _take_over(pull, stored)
    return pull


def last_as_of(desk: Desk) -> str:
    """From when the next load of changes asks; empty when a whole load is needed first.

    A file that added to the directory leaves that as it was; one that replaced it is no ground to build changes on.
    """
    with scope(desk=desk):
        swapped = Pull.objects.filter(desk=desk, state=State.SWAPPED).exclude(source__gt="", whole=False)
        newest = swapped.order_by("-pk").first()
    return newest.as_of if newest else ""


def _check_next(pull: Pull, page: Page) -> None:
    if pull.state != State.LOADING or pull.complete:
        raise PullRefused("This load takes no page any more. Begin a new one.")
    if page.number != pull.next_page:
        raise PullRefused(f"Page {pull.next_page} is missing, page {page.number} came. Fetch page {pull.next_page}.")


def _question(pull: Pull) -> str:
    """What a person has to decide before this load may replace the directory; empty for nothing."""
    if not pull.whole:
        return ""
    known = Evse.objects.filter(desk=pull.desk, record__isnull=False, withdrawn_at__isnull=True).count()
    usable = pull.records - pull.refused
    if usable > known * SHRINKS_TO or not known:
        return ""
    return f"The load has {usable:,} EVSEs, the directory {known:,}. Withdraw those that are missing?"


def _drop(pull: Pull, at: datetime) -> None:
    EvseRecord.objects.filter(pull=pull).delete()
    pull.state, pull.finished_at = State.DROPPED, at
    pull.save()


def _take_over(pull: Pull, stored: Pull) -> None:
    pull.__dict__.update(stored.__dict__)
