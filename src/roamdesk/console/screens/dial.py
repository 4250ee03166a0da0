"""The number to dial now: the first line large, the fallbacks in order, each with its opening state and its age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roamdesk.charging.dialling import number_at
from roamdesk.charging.models import Evse
from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.partners.dialling import Dial, DialLine
from roamdesk.partners.models import Partner


@dataclass(frozen=True)
class Line:
    """One number. ``chips`` are what is known of it, each a few words; ``verified`` may be a mark of its own."""

    pk: int
    number: str
    shown: str
    who: str
    state: Mark
    chips: tuple[str, ...]
    verified: Mark | None
    verified_text: str

    @property
    def link(self) -> str:
        return f"tel:{self.number}"


@dataclass(frozen=True)
class DialPanel:
    """``lines`` in the order of dialling. ``nobody`` says who opens next when none is open."""

    partner: str
    lines: tuple[Line, ...]
    nobody: str = ""

    @property
    def first(self) -> Line | None:
        return self.lines[0] if self.lines else None


def dial_panel(
    partner: Partner | None,
    to: str,
    now: datetime,
    zone: str,
    language: str = "en",
    *,
    evse: Evse | None = None,
    named: str = "",
) -> DialPanel | None:
    """The panel for calling ``cpo_cc`` or ``msp_cc`` about an EVSE; None where no partner is known."""
    if partner is None:
        return None
    return panel_of(partner.name, number_at(partner, to, now, language, evse=evse, named=named), now, zone)


def panel_of(partner: str, dial: Dial, now: datetime, zone: str) -> DialPanel:
    return DialPanel(partner, tuple(_line(line, now, zone) for line in dial.lines), _nobody(dial, now, zone))


def _line(line: DialLine, now: datetime, zone: str) -> Line:
    age = _age(line, now)
    return Line(
        pk=line.pk,
        number=line.number,
        shown=line.shown,
        who=", ".join(part for part in (line.purpose, line.person) if part),
        state=_state(line, now, zone),
        chips=_chips(line, now),
        verified=mark(State.UNKNOWN, age) if words.is_stale("contact", line.verified_at, now) else None,
        verified_text=age,
    )


def _age(line: DialLine, now: datetime) -> str:
    if line.verified_at is not None:
        return f"verified {words.ago(line.verified_at, now)}"
    return f"never verified, known for {words.age(line.known_at, now)}" if line.known_at else "never verified"


def _state(line: DialLine, now: datetime, zone: str) -> Mark:
    if line.open_now:
        until = f" until {words.moment(line.closes_at, now, zone)}" if line.closes_at else ", 24/7"
        return mark(State.DONE, f"Open now{until}")
    if not line.understood:
        return mark(State.UNKNOWN, "Hours not known" if not line.from_form else "Hours cannot be read")
    opens = f", opens {words.moment(line.opens_at, now, zone)}" if line.opens_at else ""
    return mark(State.LATER, f"Closed now{opens}")


def _chips(line: DialLine, now: datetime) -> tuple[str, ...]:
    chips = [words.languages(line.languages) or "language not known"]
    if line.answered_at:
        chips.append(f"answered {words.ago(line.answered_at, now)}")
    if line.failure:
        chips.append(f"failed last: {line.failure[:1].lower()}{line.failure[1:]}")
    if not line.serves:
        chips.append("for other countries")
    if not line.from_form:
        chips.append("not in their form")
    return tuple(chips)


def _nobody(dial: Dial, now: datetime, zone: str) -> str:
    if not dial.lines:
        return "No number is known. Write a mail, and ask them for one."
    if any(line.open_now for line in dial.lines):
        return ""
    first = dial.next_to_open
    if first is None or first.opens_at is None:
        return "Nobody is known to be there now, and no opening time is known."
    opens = f"{first.shown} opens first, at {words.moment(first.opens_at, now, zone)}."
    if dial.lines[0].known_at:
        return f"Nobody of their contact form is there now. {opens} The driver hotline may answer."
    return f"Nobody can be reached now. {opens}"
