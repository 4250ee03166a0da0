"""What tests ask of a case: its open duties, its events, what is known."""

from __future__ import annotations

from typing import Any

from django_scopes import scope

from roamdesk.cases.models import Case, Duty, Event


def fresh(case: Case) -> Case:
    """The case as it stands in the database."""
    with scope(desk=case.desk):
        return Case.objects.select_related("desk", "partner", "evse").get(pk=case.pk)


def open_rules(case: Case) -> set[str]:
    """The rules of the duties that are open in the database."""
    with scope(desk=case.desk):
        return set(Duty.objects.filter(case=case, state="open").values_list("rule", flat=True))


def duty(case: Case, rule: str) -> Duty:
    """The newest row of this rule."""
    with scope(desk=case.desk):
        return Duty.objects.filter(case=case, rule=rule).latest("pk")


def events(case: Case, *kinds: str) -> list[Event]:
    """The events of these kinds, or all, in their order."""
    with scope(desk=case.desk):
        found = Event.objects.filter(case=case).order_by("number")
        return list(found.filter(kind__in=kinds) if kinds else found)


def kinds(case: Case) -> list[str]:
    return [event.kind for event in events(case)]


def known(case: Case) -> dict[str, Any]:
    values: dict[str, Any] = fresh(case).known["values"]
    return values
