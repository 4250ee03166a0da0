"""What was understood of a mail, beside its words: a proposal for a person to confirm, correct or reject."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.models import Case, MailReading
from roamdesk.cases.understanding import THEIR_REFERENCE, Proposal, maybes_of, open_proposals, reading_of, readings_in
from roamdesk.cases.veiling import procedure_read_by, values_of, veiled
from roamdesk.cases.words import masked
from roamdesk.console import words
from roamdesk.console.screens.facts import Field, field_of, local_time
from roamdesk.correspondence.models import IncomingMail
from roamdesk.correspondence.parsing.mail import parse
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import Kind
from roamdesk.procedure.template import read_time
from roamdesk.procedure.understanding import Part

LARGEST_SHOWN = 1_000_000  # bytes of a mail whose text is shown beside
LONGEST_SHOWN = 6_000
PARTS = {
    Part.ATTACHMENT: "attached fields",
    Part.HTML: "the mail",
    Part.TEXT: "the mail",
    Part.QUOTE: "a quote",
}


@dataclass(frozen=True)
class Typed:
    """One fact as it may be corrected; ``shown`` where it is not to be typed here. ``utc`` of a time."""

    field: Field
    shown: str = ""
    utc: str = ""


@dataclass(frozen=True)
class UnderstoodLine:
    name: str
    title: str
    typed: tuple[Typed, ...]
    raw: str
    part: str
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class UnderstoodPanel:
    """``reference`` is the case in which it can be confirmed, empty for none; ``maybes`` what it may belong to."""

    mail: int
    reference: str
    sender: str
    when: str
    subject: str
    text: str
    lines: tuple[UnderstoodLine, ...]
    doubts: tuple[str, ...]
    maybes: tuple[tuple[str, str], ...]

    @property
    def confirmable(self) -> bool:
        return bool(self.reference) and any(line.typed for line in self.lines)


def understood_in(case: Case, now: datetime, zone: str, shown: Collection[str] = ()) -> list[UnderstoodPanel]:
    """Of each mail in the case about which something is still to be decided. Runs in the desk's scope.

    Personal values are masked, but for those that were ``shown`` just now.
    """
    found = ((reading, _panel(reading, case, now, zone, shown)) for reading in readings_in(case))
    return [
        replace(panel, text=veiled(_text(reading.mail), _hidden(reading, case, shown)))
        for reading, panel in found
        if panel.lines
    ]


def understood_panel(mail: IncomingMail, case: Case | None, now: datetime, zone: str) -> UnderstoodPanel | None:
    """Of one mail, without its text; None where nothing was understood or all is decided. In the desk's scope."""
    reading = reading_of(mail)
    panel = _panel(reading, case, now, zone) if reading else None
    return panel if panel and (panel.lines or panel.doubts or panel.maybes) else None


def _hidden(reading: MailReading, case: Case | None, shown: Collection[str]) -> list[str]:
    return sorted(value for values in values_of(case, reading).values() for value in values if value not in shown)


def _panel(
    reading: MailReading, case: Case | None, now: datetime, zone: str, shown: Collection[str] = ()
) -> UnderstoodPanel:
    mail, hidden = reading.mail, _hidden(reading, case, shown)
    procedure = procedure_read_by(mail, case)
    maybes = () if case else tuple((each.case.reference, each.why) for each in maybes_of(mail))
    return UnderstoodPanel(
        mail=mail.pk,
        reference=case.reference if case else "",
        sender=mail.sender,
        when=words.moment(mail.arrived_at, now, zone),
        subject=veiled(mail.subject, hidden),
        text="",
        lines=tuple(_line(procedure, each, zone, hidden) for each in open_proposals(reading, case)),
        doubts=tuple(reading.doubts),
        maybes=maybes,
    )


def corrections(panel: UnderstoodPanel, posted: Mapping[str, str]) -> dict[str, str]:
    """What was typed otherwise than it stood there, by fact."""
    stood = {each.field.name: each.field.value for line in panel.lines for each in line.typed if not each.shown}
    given = {name: posted[f"u-{name}"].strip() for name in stood if f"u-{name}" in posted}
    return {name: value for name, value in given.items() if value != stood[name]}


def _text(mail: IncomingMail) -> str:
    return parse(bytes(mail.raw)).bodies.text[:LONGEST_SHOWN] if mail.size <= LARGEST_SHOWN else ""


def _line(procedure: Procedure, proposal: Proposal, zone: str, hidden: Collection[str]) -> UnderstoodLine:
    typed = tuple(
        _typed(procedure, name, value, zone, hidden)
        for name, value in proposal.values.items()
        if name in procedure.facts or name == THEIR_REFERENCE
    )
    raw, doubts = veiled(proposal.raw, hidden), tuple(veiled(doubt, hidden) for doubt in proposal.doubts)
    return UnderstoodLine(proposal.name, proposal.title, typed, raw, PARTS[Part(proposal.part)], doubts)


def _typed(procedure: Procedure, name: str, value: str, zone: str, hidden: Collection[str]) -> Typed:
    """Personal values are masked until shown, and corrected where they are kept."""
    fact = procedure.facts.get(name)
    if fact is None:
        return Typed(Field(name, "Their reference", value=value))
    if fact.personal:
        return Typed(field_of(fact), shown=masked(value) if value in hidden else value)
    instant = read_time(value) if fact.kind is Kind.TIME else None
    if instant is None:
        return Typed(field_of(fact, value))
    return Typed(field_of(fact, local_time(instant.isoformat(), zone)), utc=f"{instant:%d/%m/%Y %H:%M} UTC")
