"""What an operator does in a case: answers, corrections, orders to a station, mails, departures, its end."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from roamdesk.cases import commands, notices, services
from roamdesk.cases.actors import Actor
from roamdesk.cases.errors import Refused
from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.console.forms import AnswerForm
from roamdesk.console.gate import at_desk
from roamdesk.console.typed import told
from roamdesk.console.views.case import case_page, found
from roamdesk.console.views.deeds import Doing, deed
from roamdesk.desks.access import Access, Right
from roamdesk.procedure.model import DutyRule
from roamdesk.procedure.template import without_needless_reasons


@deed()
def answer(doing: Doing) -> None:
    """A digit: the answer of the step, with what was typed in its fields."""
    form = AnswerForm.of(doing.post)
    if form.fact:
        services.record_facts(
            doing.case, {form.fact: form.value}, actor=doing.actor, at=doing.at, expected_version=doing.version
        )
        return
    answers = _rule(doing.case, form.rule).answers
    asks = answers[form.key - 1].asks if 0 < form.key <= len(answers) else ()
    values = told(procedure_of(doing.case), form.typed(asks), doing.at, doing.access.person.zone)
    services.answer_step(
        doing.case,
        form.rule,
        form.key,
        actor=doing.actor,
        at=doing.at,
        typed=services.Typed(values, number=form.number),
        expected_version=doing.version,
    )


def _rule(case: Case, name: str) -> DutyRule:
    """Raises Refused where the procedure has no such rule."""
    try:
        return procedure_of(case).duty(name)
    except KeyError:
        raise Refused("The procedure has no such step. Look at the case, then answer again.") from None


@deed()
def tell(doing: Doing) -> None:
    """A fact that the card asked for before its answers."""
    values = doing.told(*procedure_of(doing.case).facts)
    if not values:
        raise Refused("Nothing was typed. Type it, or leave the field with Esc.")
    services.record_facts(doing.case, values, actor=doing.actor, at=doing.at, expected_version=doing.version)


@deed()
def edit(doing: Doing) -> None:
    """An earlier answer, corrected; an empty one is taken out."""
    name = doing.post.get("fact", "")
    value = doing.told(name).get(name)
    services.edit_fact(doing.case, name, value, actor=doing.actor, at=doing.at, expected_version=doing.version)


@deed()
def back(doing: Doing) -> None:
    services.take_back(doing.case, actor=doing.actor, at=doing.at, expected_version=doing.version)


@deed(Right.COMMAND_STATIONS)
def unlock(doing: Doing) -> None:
    key = doing.post.get("key", "")
    commands.request_unlock(doing.case, actor=doing.actor, at=doing.at, key=key, expected_version=doing.version)


@deed(Right.COMMAND_STATIONS)
def stop(doing: Doing) -> None:
    """End the User's session from here."""
    key = doing.post.get("key", "")
    commands.request_remote_stop(doing.case, actor=doing.actor, at=doing.at, key=key, expected_version=doing.version)


@deed()
def notice(doing: Doing, rule: str) -> None:
    if "decline" in doing.post:
        services.decline(
            doing.case, _rule(doing.case, rule).id, doing.post.get("reason", ""), actor=doing.actor, at=doing.at
        )
        return
    version, filled = doing.version, doing.told(*procedure_of(doing.case).facts)
    filled = without_needless_reasons(procedure_of(doing.case), filled)
    if filled:
        case = services.record_facts(doing.case, filled, actor=doing.actor, at=doing.at, expected_version=version)
        version = case.version
    opening = doing.post.get("opening", "")
    notices.send_notice(doing.case, rule, actor=doing.actor, at=doing.at, opening=opening, expected_version=version)


@require_POST
@at_desk(Right.REVEAL)
def reveal(request: HttpRequest, access: Access, reference: str) -> HttpResponse:
    """A personal value, shown once, with its reason."""
    case, name = found(access, reference), request.POST.get("field", "")
    actor, now = Actor.of(access.person), datetime.now(UTC)
    try:
        value = services.reveal(case, name, request.POST.get("reason", ""), actor=actor, at=now)
    except Refused as refused:
        return case_page(request, access, case, problem=str(refused), status=422)
    return case_page(request, access, found(access, reference), secrets={name: value})


@deed()
def depart(doing: Doing) -> None:
    rule, reason = doing.post.get("rule", ""), doing.post.get("reason", "")
    services.depart(doing.case, rule, reason, actor=doing.actor, at=doing.at)


@deed()
def decline(doing: Doing) -> None:
    rule, reason = _rule(doing.case, doing.post.get("rule", "")).id, doing.post.get("reason", "")
    services.decline(doing.case, rule, reason, actor=doing.actor, at=doing.at)


@deed()
def call(doing: Doing) -> None:
    """A call that answered nothing."""
    made = services.CallMade(doing.post.get("to", ""), doing.post.get("result", ""), doing.post.get("number", "")[:20])
    services.log_call(doing.case, made, actor=doing.actor, at=doing.at)


@deed()
def close(doing: Doing) -> None:
    services.close_case(doing.case, actor=doing.actor, at=doing.at, reason=doing.post.get("reason", ""))


@deed()
def reopen(doing: Doing) -> None:
    services.reopen_case(doing.case, doing.post.get("reason", ""), actor=doing.actor, at=doing.at)


@deed()
def danger(doing: Doing) -> None:
    """Danger heard in the middle of something else: no question stands before it."""
    facts = procedure_of(doing.case).facts
    options = facts["problem"].options if "problem" in facts else {}
    values = {"problem": "danger"} if "danger" in options else {"danger": "yes"}
    services.record_facts(doing.case, values, actor=doing.actor, at=doing.at, note="heard during the case")
