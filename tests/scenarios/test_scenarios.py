"""Every worked situation, played through the real verbs; every expectation held."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.settling import plan_of, step_of
from roamdesk.desks.models import Desk
from roamdesk.partners.contact_form import contact_form
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.procedure import Side, shipped
from roamdesk.procedure.readiness import kick_off_due, readiness
from roamdesk.procedure.template import check_draft
from scenarios.obligations import STANDING, Obligation, matches, meets, obligations, visible
from scenarios.translation import play

# Scenarios that we believe contradict the document, with the reason. None.
DISPUTED: dict[str, str] = {}


@pytest.mark.django_db
def test_the_desk_gets_the_worked_situation_right(
    case_scenario: dict[str, Any], cpo_desk: Desk, msp_desk: Desk
) -> None:
    desk = msp_desk if case_scenario["seen_from"] == "msp" else cpo_desk
    with scope(desk=desk):
        case = play(case_scenario, desk, Partner.objects.get(desk=desk))
        now = datetime.fromisoformat(case_scenario["starts_at"]) + timedelta(minutes=case_scenario["now"])
        assert list(faults(case, case_scenario["then"], now, case_scenario)) == []


def faults(case: Case, then: dict[str, Any], now: datetime, scenario: dict[str, Any]) -> Any:
    """What does not hold, in words."""
    plan, found = plan_of(case), obligations(case)
    if "route" in then and plan.route.id not in _listed(then["route"]):
        yield f"route is {plan.route.id}"
    yield from (f"not open: {each}" for each in then["open"] if not _is_open(each, found, now))
    if then.get("open_is_exact"):
        yield from (f"should not be open: {each.action} by {each.owed_by}" for each in extras(found, then))
    yield from (f"must not: {each}" for each in then["must_not"] if _violated(each, found, case))
    step = step_of(plan, case.side)
    if "first" in then and (step is None or step.rule.action != then["first"]["action"]):
        yield f"first is {step.rule.action if step else 'nothing'}"
    if "may_close" in then and plan.may_close != then["may_close"]:
        yield f"may_close is {plan.may_close}"
    if "mail_check" in then:
        yield from _draft_faults(case, then["mail_check"], scenario)
    open_rows = set(case.duties.filter(state="open").values_list("rule", flat=True))
    if open_rows != {rule.id for rule in plan.rules if case.state == Case.State.OPEN}:
        yield f"the duties kept are {open_rows}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _alternatives(expected: dict[str, Any]) -> list[dict[str, Any]]:
    return expected.get("any_of", [expected])


def _is_open(expected: dict[str, Any], found: list[Obligation], now: datetime) -> bool:
    return any(meets(each, duty, now) for each in _alternatives(expected) for duty in found)


def extras(found: list[Obligation], then: dict[str, Any]) -> list[Obligation]:
    """Open without being expected, allowed, tolerated, or a part of an expected conversation (folding)."""
    expected = [each for group in then["open"] for each in _alternatives(group)]
    allowed = then.get("also_allowed", [])
    return [
        duty
        for duty in found
        if duty.action not in STANDING
        and not any(_folds(duty, each) for each in expected)
        and not any(matches(pattern, duty) for pattern in allowed)
    ]


def _folds(duty: Obligation, expected: dict[str, Any]) -> bool:
    same_talk = duty.owed_by == expected["owed_by"] and duty.channel in _listed(expected["channel"])
    return duty.action == expected["action"] or (same_talk and set(duty.to) <= _recipients(expected))


def _recipients(expected: dict[str, Any]) -> set[str]:
    return {name for each in expected["to"] for name in _listed(each)}


def _violated(pattern: dict[str, Any], found: list[Obligation], case: Case) -> bool:
    if "shown_to" in pattern:
        return visible(case, pattern["shown_to"], pattern["field"])
    return any(matches(pattern, duty) for duty in found)


def _draft_faults(case: Case, expected: dict[str, Any], scenario: dict[str, Any]) -> Any:
    draft = [fact for fact in scenario["given"] if fact["fact"] == "mail_draft"][-1]
    missing = check_draft(procedure_of(case), draft["fields"])
    if (not missing) != expected["complete"]:
        yield f"the draft lacks {missing}"
    for name in expected.get("missing", []):
        if not set(_listed(name)) & set(missing):
            yield f"{name} is not said to be missing"


@pytest.mark.django_db
def test_a_partner_is_ready_or_not_as_worked_out(
    readiness_scenario: dict[str, Any], cpo_desk: Desk, msp_desk: Desk
) -> None:
    then, given = readiness_scenario["then"], readiness_scenario["given"]
    form = next(fact for fact in given if fact["fact"] == "form")
    with scope(desk=msp_desk):
        partner = _partner_with(form, msp_desk)
        found = readiness(shipped(), form["role"], contact_form(partner, form["role"]))
    assert then.get("ready", found.ready) == found.ready
    assert {(gap.gap, gap.cites) for gap in found.gaps} == {(g["field"], tuple(g["cites"])) for g in then["gaps"]}
    demanded = [fact for fact in given if fact["fact"] == "kom_required" and fact["new_procedures"]]
    expected = [each["due_on"] for each in then["open"] if each["action"] == "schedule_kom"]
    assert [str(_kick_off(fact)) for fact in demanded] == expected


def _kick_off(fact: dict[str, Any]) -> date:
    kick_off = shipped().kick_off
    assert kick_off is not None
    assert kick_off.owed_by is Side.CPO
    holidays = frozenset(date.fromisoformat(day) for day in fact["public_holidays"])
    return kick_off_due(shipped(), date.fromisoformat(fact["on"]), holidays)


def _partner_with(form: dict[str, Any], desk: Desk) -> Partner:
    """A partner whose contact form reads as given."""
    published = datetime.fromisoformat("2026-01-01T00:00:00+00:00") if form["published"] else None
    partner = Partner.objects.create(
        desk=desk,
        name="Formvoll",
        plays_cpo=form["role"] == "cpo",
        plays_msp=form["role"] == "msp",
        procedures_agreed=form["procedures_agreed"],
        form_published_at=published,
    )
    purpose = ContactLine.Purpose
    entries = [
        (purpose.FIRST_LEVEL, "phone", form.get("support_phone")),
        (purpose.BACK_OFFICE, "mail", form.get("backoffice_mail")),
    ]
    for use, channel, entry in entries:
        if entry:
            _line(
                partner,
                form,
                use,
                channel,
                entry.get("number") or entry.get("address"),
                hours=entry["hours"],
                languages=entry["languages"],
            )
    for person in form.get("reference_persons", []):
        who = {"person_name": person.get("name", ""), "operational_skills": person.get("operational_skills", False)}
        for channel in ("mail", "phone"):
            if person.get(channel):
                _line(partner, form, purpose.REFERENCE_PERSON, channel, person[channel], **who)
    return partner


def _reached(entry: dict[str, Any]) -> dict[str, Any]:
    return {"hours": entry["hours"], "languages": entry["languages"]}


def _line(partner: Partner, form: dict[str, Any], purpose: str, channel: str, value: str, **more: Any) -> None:
    ContactLine.objects.create(
        desk=partner.desk, partner=partner, role=form["role"], purpose=purpose, channel=channel, value=value, **more
    )
