"""Is a procedure file sound? Every combination of its closed facts is walked, and what can't be proved is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roamdesk.procedure import sound_rules
from roamdesk.procedure.errors import Fault, ProcedureError
from roamdesk.procedure.loader import load
from roamdesk.procedure.model import DutyRule, Procedure, Route
from roamdesk.procedure.proving import Progress, Walked, can_be_idle, walk
from roamdesk.procedure.reading import read
from roamdesk.procedure.tracing import present
from roamdesk.procedure.walk import Space, TooManySituations, fits

SHOWN_FACTS = 8


@dataclass(frozen=True)
class Report:
    """``situations`` that were walked; ``stands_for`` counts those apart that no rule tells apart."""

    procedure: Procedure | None
    situations: int
    stands_for: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        return not self.faults


def check_file(path: Path, progress: Progress = lambda line: None) -> Report:
    """The report on a file, also on one that can't be read as a procedure. Raises OSError where there is no file."""
    try:
        procedure = load(path)
    except ProcedureError as error:
        return Report(None, 0, 0, error.faults)
    return check(procedure, path.read_text("utf-8"), progress)


def check(procedure: Procedure, text: str = "", progress: Progress = lambda line: None) -> Report:
    """Walk every situation. ``text`` is the file, for the line numbers of its statements."""
    space = Space(procedure)
    faults = [*sound_rules.faults(procedure), *_uncited(procedure, _statement_lines(text, procedure.file))]
    faults += _choosing(space)
    walked = Walked()
    try:
        walked = walk(space, progress)
        faults += _reaching(space, walked)
        faults += _closing(space, walked)
    except TooManySituations as error:
        faults.append(_too_many(procedure, str(error)))
    ordered = tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.line))
    return Report(procedure, walked.situations, walked.stands_for, ordered)


def _statement_lines(text: str, file: str) -> dict[str, int]:
    if not text:
        return {}
    root, _ = read(text, file)
    return {number: node.line for part, child in root.items() if part == "statements" for number, node in child.items()}


def _uncited(procedure: Procedure, lines: dict[str, int]) -> Iterator[Fault]:
    """Each statement of the source is carried out, or said to be out of scope."""
    cited = set(sound_rules.citations(procedure))
    for number in procedure.statements:
        if number not in cited and number not in procedure.out_of_scope:
            yield Fault(
                procedure.file,
                lines.get(number, 0),
                f"Nothing carries out {number}.",
                f"Cite it where it is carried out, or list it under out_of_scope with the reason: {number}: ….",
            )


# which route


def _choosing(space: Space) -> Iterator[Fault]:
    """Every situation has a route, every route has a situation, and danger never goes another way."""
    procedure = space.procedure
    if space.lost:
        mend = "Add a last route without 'when' that takes what is left."
        yield _at(procedure, procedure.routes[-1], f"No route fits {_in_words(space, space.lost[0])}.", mend)
    for route in procedure.routes:
        if not space.routes[route.id].heads:
            yield _shadowed(space, route)
    yield from _danger_goes_astray(space)


def _shadowed(space: Space, route: Route) -> Fault:
    masks = space.masks(route.when)
    takers = {taker.id: None for head in space.heads() if fits(masks, head) and (taker := space.route_at(head))}
    if not takers:
        return _at(
            space.procedure, route, f"Route {route.id} never fits.", "Its conditions exclude each other: mend 'when'."
        )
    taken = " and ".join(takers)
    return _at(
        space.procedure,
        route,
        f"Route {route.id} is never taken.",
        f"Move it above {taken}: below, nothing is left for it.",
    )


def _danger_goes_astray(space: Space) -> Iterator[Fault]:
    """A sign of danger is what each danger route asks for, and any answer called danger."""
    signs = sound_rules.signs_of_danger(space.procedure)
    for name, values in signs.items():
        if name not in {fact.fact.name for fact in space.head}:
            fact = space.procedure.facts[name]
            yield _at(
                space.procedure, fact, f"{name} can be danger, and no route asks for it.", "Add a danger route on top."
            )
            continue
        bits = sum(space.bits[name][value] for value in values)
        astray = (
            head for head in space.heads() if head & bits and (found := space.route_at(head)) and not found.danger
        )
        head = next(astray, None)
        if head is not None:
            route = space.route_at(head)
            assert route
            where = _in_words(space, head)
            yield _at(
                space.procedure,
                route,
                f"Route {route.id} takes danger ({where}).",
                "Mark it 'danger: yes', or put a danger route above it.",
            )
            return


# reaching and closing


def _reaching(space: Space, walked: Walked) -> Iterator[Fault]:
    procedure = space.procedure
    live = {route.id for route in procedure.routes if space.routes[route.id].heads}
    for rule in procedure.duties:
        if rule.id not in walked.raised:
            if rule.routes & live:
                yield _at(procedure, rule, f"Duty {rule.id} is never owed.", _why_never(rule))
            continue
        yield from _saying(space, walked, rule)
        if rule.id not in walked.ended:
            mend = "Let an answer record, or a message tell, what its 'until' waits for."
            yield _at(procedure, rule, f"Duty {rule.id} can never be discharged.", mend)
            continue
        for answer in rule.answers:
            if can_be_idle(answer, space) and id(answer) not in walked.changing:
                message = f"Answer '{answer.text}' of {rule.id} changes nothing."
                yield Fault(
                    procedure.file,
                    answer.line,
                    message,
                    "Let it record or ask for a fact of this route, or log a call.",
                )
    for disclosure in procedure.disclosures:
        if disclosure not in walked.disclosed:
            message = f"{disclosure.field} is never shown to {disclosure.to}."
            yield Fault(
                procedure.file, procedure.facts[disclosure.field].line, message, "Mend 'when' of the disclosure."
            )


def _why_never(rule: DutyRule) -> str:
    routes = " or ".join(sorted(rule.routes))
    return f"In {routes} its 'when' never holds before its 'until' does: mend one of them, or 'in'."


def _saying(space: Space, walked: Walked, rule: DutyRule) -> Iterator[Fault]:
    procedure = space.procedure
    for name in sorted(sound_rules.decided_names(space, rule)):
        if (rule.id, name) not in walked.sayable:
            message = f"Duty {rule.id} names {name}, which is never known while it is owed."
            yield _at(procedure, rule, message, f"Name another fact, or widen 'when' of {name}.")
    if rule.due and rule.id not in walked.clocked:
        message = f"The clock of {rule.id} never starts: {' or '.join(rule.due.after)} is not known while it is owed."
        yield _at(procedure, rule, message, "Let due.after name a fact that raises the duty.")


def _closing(space: Space, walked: Walked) -> Iterator[Fault]:
    """One line, at the duty at which most cases get stuck. One that nothing ends has its own line already."""
    procedure = space.procedure
    if not walked.stuck or walked.raised - walked.ended:
        return
    open_in = Counter(rule.id for place in walked.stuck for rule in place.blocking)
    place = min(walked.stuck, key=lambda place: len(place.blocking))
    owing = procedure.duty(open_in.most_common(1)[0][0]) if open_in else place.route.route
    place = next((each for each in walked.stuck if {owing.id} == {rule.id for rule in each.blocking}), place)
    what = f"{owing.id} stays open" if open_in else "a question stays open"
    message = f"The case never closes: {what} when {_in_words(space, place.situation)}."
    yield _at(procedure, owing, message, "Give an answer that leads on from there.")


def _in_words(space: Space, situation: int) -> str:
    known = space.known(situation)
    told = [name for name in known if space.procedure.facts[name].is_recorded]
    shown = [present(space.procedure.facts[name], known[name]) for name in told[:SHOWN_FACTS]]
    return "; ".join([*shown, *(["…"] if len(told) > SHOWN_FACTS else [])]) or "a case of which nothing is known"


def _too_many(procedure: Procedure, name: str) -> Fault:
    message = f"The facts down to {name} combine in too many ways to walk them all."
    return _at(procedure, procedure.facts[name], message, "Say with 'when' or 'in' where each fact counts.")


def _at(procedure: Procedure, part: sound_rules.Part, message: str, mend: str) -> Fault:
    return Fault(procedure.file, part.line, message, mend)
