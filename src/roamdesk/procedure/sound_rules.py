"""What can be said of a rule by reading it alone: whom it calls, what it names, what it cites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from roamdesk.procedure import template_words
from roamdesk.procedure.errors import Fault
from roamdesk.procedure.model import Channel, DutyRule, FactDef, Kind, Machine, Procedure, Requirement
from roamdesk.procedure.readiness import FLAGS, PURPOSES
from roamdesk.procedure.walk import Space, mail_tells, named, said

CALL_CENTRES = frozenset({"cpo_cc", "msp_cc"})
RECIPIENTS = ("user", "station", "own_desk")
IDENTITY = frozenset({"ask_identity", "confirm_identity", "ask_facts"})
_PARTY = re.compile(r"(cpo|msp|partner)_(cc|backoffice|support|fp)$")


class Part(Protocol):
    """A part of the file that has a line."""

    @property
    def line(self) -> int: ...


def faults(procedure: Procedure) -> Iterator[Fault]:
    for rule in procedure.duties:
        yield from _calls(procedure, rule)
        yield from _recipients(procedure, rule)
        yield from _mail(procedure, rule)
        yield from _nothing_before_danger(procedure, rule)
        yield from _can_be_said(procedure, rule)
    yield from _questions_before_danger(procedure)
    yield from _unsent(procedure)
    yield from _requirements(procedure)
    yield from _scope(procedure)
    yield from template_words.faults(procedure)


def citations(procedure: Procedure) -> Iterator[str]:
    """Each number that some part of the file cites."""
    parts: list[Iterable[str]] = [fact.cites for fact in procedure.facts.values()]
    parts += [route.cites for route in procedure.routes]
    parts += [rule.cites for rule in procedure.duties]
    parts += [message.cites for message in procedure.messages.values()]
    parts += [field.cites for field in procedure.template]
    parts += [disclosure.cites for disclosure in procedure.disclosures]
    parts += [need.cites for needs in procedure.readiness.values() for need in needs]
    parts += [procedure.kick_off.cites] if procedure.kick_off else []
    for cites in parts:
        yield from cites


def signs_of_danger(procedure: Procedure) -> dict[str, frozenset[str]]:
    """Facts and values that each say danger: what all danger routes ask for, and options of that name."""
    signs = {fact.name: frozenset({"danger"}) for fact in procedure.facts.values() if "danger" in fact.options}
    alternatives = [tests for route in procedure.routes if route.danger for tests in route.when.alternatives]
    if alternatives:
        shared = set(alternatives[0]).intersection(*alternatives)
        signs |= {test.fact: test.values for test in shared}
    return signs


def decided_names(space: Space, rule: DutyRule) -> frozenset[str]:
    """The facts that the rule names and for which the walk knows whether they are in play."""
    facts = space.procedure.facts
    return frozenset(name for name in named(rule, space.procedure) if facts[name].when.facts <= space.bits.keys())


def _calls(procedure: Procedure, rule: DutyRule) -> Iterator[Fault]:
    """Call centres phone each other only in the routes that the file names for it (S11)."""
    if rule.channel is not Channel.PHONE or not CALL_CENTRES & set(rule.to):
        return
    silent = [route.id for route in procedure.routes if route.id in rule.routes and not route.call_centres_talk]
    if silent:
        message = f"Duty {rule.id} phones a call centre in {', '.join(silent)}, where call centres do not talk."
        yield _at(procedure, rule, message, "Write a mail, or mark the route 'call_centres_talk: yes'.")


def _recipients(procedure: Procedure, rule: DutyRule) -> Iterator[Fault]:
    if not rule.to:
        yield _at(procedure, rule, f"Duty {rule.id} is addressed to nobody.", "Say to whom: to: user.")
    for name in rule.to:
        if name not in RECIPIENTS and not _PARTY.match(name):
            known = f"{', '.join(RECIPIENTS)}, or cpo_ or msp_ with cc, backoffice, support or fp"
            yield _at(procedure, rule, f"Duty {rule.id} is addressed to '{name}'.", f"Use {known}.")


def _mail(procedure: Procedure, rule: DutyRule) -> Iterator[Fault]:
    if rule.machine is Machine.MAIL and not rule.message:
        yield _at(procedure, rule, f"Duty {rule.id} sends a mail without a message.", "Name one: message: ….")
    if not rule.message:
        return
    message = procedure.messages[rule.message]
    other = [name for name in rule.to if not {name, f"partner_{name[4:]}"} & message.tells.keys()]
    if other:
        missing = f"Message {message.id} does not go to {', '.join(other)}, to whom {rule.id} owes it."
        yield _at(procedure, rule, missing, "List them under 'tells' of the message, or mend 'to'.")
    required = {name for any_of in rule.requires for name in any_of}
    for name in sorted(said((message.subject, message.opening), procedure) - required):
        fact = procedure.facts[name]
        if fact.is_recorded and fact.when.alternatives and fact.kind is not Kind.CHOICE:
            early = f"Message {message.id} names {name}, and {rule.id} does not wait until it is known."
            yield _at(procedure, rule, early, f"Add to the duty: requires: [[{name}]].")


def _nothing_before_danger(procedure: Procedure, rule: DutyRule) -> Iterator[Fault]:
    """In a danger route nobody is asked who they are (A5)."""
    routes = [route.id for route in procedure.routes if route.danger and route.id in rule.routes]
    if not routes:
        return
    typed = {name for answer in rule.answers for name in answer.asks}
    touched = named(rule, procedure) | typed | rule.when.facts | rule.until.facts
    personal = sorted(name for name in touched if procedure.facts[name].personal)
    if rule.action in IDENTITY or personal:
        what = f"needs {', '.join(personal)}" if personal else "asks who the User is"
        message = f"Duty {rule.id} {what} in {', '.join(routes)}, a danger route."
        yield _at(procedure, rule, message, "Take it out: no identity check delays danger.")


def _questions_before_danger(procedure: Procedure) -> Iterator[Fault]:
    danger = {route.id for route in procedure.routes if route.danger}
    for fact in procedure.facts.values():
        if fact.ask and fact.personal and danger and (not fact.routes or fact.routes & danger):
            message = f"{fact.name} is asked in a danger route."
            yield _at(procedure, fact, message, "Keep it out with 'in': no identity check delays danger.")


def _can_be_said(procedure: Procedure, rule: DutyRule) -> Iterator[Fault]:
    """A rule names only facts that can be known in each of its routes."""
    for name in sorted(named(rule, procedure)):
        for route in sorted(rule.routes):
            if not _can_be_known(procedure, procedure.facts[name], route):
                message = f"Duty {rule.id} names {name}, which nothing in {route} asks for."
                mend = f"Let an answer of that route ask for {name}, or name another fact."
                yield _at(procedure, rule, message, mend)
                break


def _can_be_known(procedure: Procedure, fact: FactDef, route: str) -> bool:
    """It follows, or is told in this route. What has no condition may be known from anywhere in the call."""
    if fact.routes and route not in fact.routes:
        return False
    if fact.ask or not fact.is_recorded:
        return True
    anywhere = not fact.when.alternatives
    rules = [rule for rule in procedure.duties if anywhere or route in rule.routes]
    told = {name for rule in rules for answer in rule.answers for name in (*answer.record, *answer.asks)}
    told |= {name for rule in rules if rule.message for name in mail_tells(procedure, rule)}
    template = {name for field in procedure.template for name in field.sources}
    return fact.name in told or (anywhere and fact.name in template)


def _unsent(procedure: Procedure) -> Iterator[Fault]:
    sent = {rule.message for rule in procedure.duties}
    for message in procedure.messages.values():
        if message.id not in sent:
            yield _at(procedure, message, f"No duty sends message {message.id}.", "Name it in a duty, or drop it.")


def _requirements(procedure: Procedure) -> Iterator[Fault]:
    for needs in procedure.readiness.values():
        for need in needs:
            if bool(need.flag) == bool(need.purpose) or not _is_known(need):
                known = f"'purpose' with one of {', '.join(PURPOSES)}, or 'flag' with one of {', '.join(FLAGS)}"
                yield _at(procedure, need, f"It is not clear what {need.gap} needs.", f"Give {known}.")


def _is_known(need: Requirement) -> bool:
    return need.flag in FLAGS or need.purpose in PURPOSES


def _scope(procedure: Procedure) -> Iterator[Fault]:
    cited = set(citations(procedure))
    for number in procedure.out_of_scope:
        if number not in procedure.statements:
            yield Fault(procedure.file, 0, f"{number} is out of scope, and no statement.", "Mend the number.")
        elif number in cited:
            message = f"{number} is out of scope, and cited."
            yield Fault(procedure.file, 0, message, "Drop it from out_of_scope, or drop the citation.")


def _at(procedure: Procedure, part: Part, message: str, mend: str) -> Fault:
    return Fault(procedure.file, part.line, message, mend)
