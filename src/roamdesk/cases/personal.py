"""Personal data of a User: shown with a reason, hidden without consent, erased by retention."""

from __future__ import annotations

from datetime import datetime

from roamdesk.cases.actors import Actor
from roamdesk.cases.changing import about, changing, said
from roamdesk.cases.errors import Refused
from roamdesk.cases.journal import write
from roamdesk.cases.models import Case, MailReading, PersonalValue
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.settling import plan_of
from roamdesk.cases.words import full
from roamdesk.correspondence.erasing import erase_about
from roamdesk.procedure import Side
from roamdesk.procedure.model import Disclosure


def reveal(case: Case, name: str, reason: str, *, actor: Actor, at: datetime) -> str:
    """A personal value in full; showing it is an event.

    Raises Refused without a reason, for a value that was erased, and for one that this side may not see (S17, A15).
    """
    why = said(reason, "Showing personal data needs a reason.")
    with changing(case, even_merged=True) as locked:
        pointer = locked.known.get("values", {}).get(name)
        value = full(locked, name, pointer) if isinstance(pointer, dict) else _proposed(locked, name)
        if not value:
            raise Refused("There is nothing to show; it was never told, or it was erased.")
        if hidden_from_us(locked, name):
            raise Refused("The User does not consent, or it is over: this stays hidden here (S17, A15).")
        write(locked, "revealed", {"field": name, "reason": why}, actor, at)
    return value


def _proposed(case: Case, name: str) -> str:
    """As it was understood of the newest mail that tells it, where nobody has decided yet."""
    fact = procedure_of(case).facts.get(name)
    if fact is None or not fact.personal:
        return ""
    readings = MailReading.objects.filter(mail__about=about(case), desk=case.desk).order_by("-mail__arrived_at", "-pk")
    proposals = (each for reading in readings for each in reading.proposals if each["state"] == "open")
    return next((str(each["values"][name]) for each in proposals if name in each["values"]), "")


def hidden_from_us(case: Case, name: str) -> bool:
    """Whether the other side's User data may not be seen here now (S17, A15).

    What the User told us directly is not the other side's, and a disclosure of another side's case governs nothing.
    """
    plan = plan_of(case)
    governed = any(d.field == name and d.to == case.side and _speaks_of(d, case) for d in plan.procedure.disclosures)
    return governed and plan.route.call_centres_talk and not plan.sees(Side(case.side), name)


def _speaks_of(disclosure: Disclosure, case: Case) -> bool:
    """Whether it can hold on the side that we stand on."""
    return any(
        all(case.side in test.values for test in tests if test.fact == "side")
        for tests in disclosure.when.alternatives or ((),)
    )


def erase_personal_values(case: Case, *, actor: Actor, at: datetime) -> Case:
    """Retention: the values go, and what mails said; the history stays."""
    with changing(case, even_merged=True) as locked:
        values = PersonalValue.objects.filter(case=locked, erased_at=None)
        names = sorted(set(values.values_list("field", flat=True)))
        values.update(value="", key="", erased_at=at)
        locked.draft.personal.clear()
        MailReading.objects.filter(mail__about=about(locked), desk=locked.desk).delete()
        mails = erase_about(locked.desk, about(locked), at)
        write(locked, "erased", {"fields": names, "mails": mails}, actor, at)
    return locked
