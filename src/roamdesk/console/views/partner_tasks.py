"""What is left for the partner manager."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from roamdesk.console.gate import at_desk
from roamdesk.console.marks import State, mark
from roamdesk.console.shell import page
from roamdesk.desks.access import Access
from roamdesk.partners.todo import Kind, Task, tasks_of

TITLES = {
    Kind.DOUBT: "Contacts that failed",
    Kind.KICK_OFF: "Kick-off meetings",
    Kind.SUBMISSION: "Contact forms that came in",
    Kind.CONFIRM: "To be confirmed",
    Kind.TEST_CALL: "Test calls",
    Kind.ACKNOWLEDGE: "Procedures not acknowledged",
}
LEADS = {
    Kind.DOUBT: "line",
    Kind.TEST_CALL: "line",
    Kind.SUBMISSION: "form_in",
    Kind.KICK_OFF: "meeting",
    Kind.ACKNOWLEDGE: "acknowledgement",
}


@at_desk()
def tasks(request: HttpRequest, access: Access) -> HttpResponse:
    now = datetime.now(UTC)
    found = tasks_of(access.desk, now)
    groups = [
        (title, [(task, _mark(task, now), _link(access, task)) for task in found if task.kind is kind])
        for kind, title in TITLES.items()
    ]
    return page(
        request, access, "partner", "Left for the partner manager", template="partner_tasks", now=now,
        groups=[group for group in groups if group[1]],
    )  # fmt: skip


def _mark(task: Task, now: datetime) -> object:
    if task.due_at is not None and task.due_at <= now:
        return mark(State.OVERDUE)
    return mark(State.FAILED, "Doubted") if task.kind is Kind.DOUBT else mark(State.TODO)


def _link(access: Access, task: Task) -> str:
    """To the row that the task is about, else to the partner."""
    if task.kind in LEADS:
        return reverse(f"console:{LEADS[task.kind]}", args=[access.desk.slug, task.partner.pk, task.about])
    return reverse("console:partner", args=[access.desk.slug, task.partner.pk])
