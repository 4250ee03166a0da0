"""The partner's own form: its sections, what was typed, what is wrong with it, and what is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.partners.agreed import Agreed
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.procedures import procedure_at
from roamdesk.partners.submissions import MOST_LINES, SECTIONS, TYPED, missing
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import Requirement
from roamdesk.procedure.readiness import also_asked

ABOUT = {
    "first_level": ("The number that partners call at any hour.", "+49 30 5550 142"),
    "call_centre": ("The number of your call centre.", "+49 89 5550 99"),
    "msp_support": ("Where outcomes of support are written to.", "support@example.com"),
    "back_office": ("Where everything that is not urgent is written to.", "backoffice@example.com"),
    "reference_person": (
        "Somebody with operational skills: one line with the number, one with the address, the same name in both.",
        "+49 30 5550 199 or name@example.com",
    ),
}


@dataclass(frozen=True)
class FormLineView:
    """``place`` counts the lines of the whole form; ``faults`` are sentences by field."""

    place: int
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    blank: bool = False


@dataclass(frozen=True)
class Section:
    purpose: str
    title: str
    about: str
    example: str
    lines: tuple[FormLineView, ...]


@dataclass(frozen=True)
class Need:
    mark: Mark
    text: str
    quote: str
    cites: str
    why: str


@dataclass(frozen=True)
class FormScreen:
    partner: Partner
    role: str
    role_name: str
    others: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    needs: tuple[Need, ...]
    coming: tuple[Need, ...]
    agreed: bool
    by: str

    @property
    def met(self) -> int:
        return sum(not need.why for need in self.needs)


def form_screen(
    partner: Partner, role: str, raw: Mapping[str, Any], agreed: Agreed, faults: Mapping[int, Mapping[str, str]]
) -> FormScreen:
    """The form as ``raw`` has it, with one blank line more in each section; ``agreed`` says what it must hold."""
    procedure = procedure_at(agreed.version.pk)
    coming = procedure_at(agreed.coming.publication.version_id) if agreed.coming else procedure
    views = [FormLineView(place, line, faults.get(place, {})) for place, line in enumerate(raw["lines"])]
    return FormScreen(
        partner=partner,
        role=role,
        role_name=words.SIDES[role],
        others=tuple((other, words.SIDES[other]) for other in partner.roles if other != role),
        sections=tuple(_section(purpose, role, views) for purpose in SECTIONS[role]),
        needs=tuple(_needs(procedure.readiness.get(role, ()), partner, role, raw, procedure)),
        coming=tuple(_needs(also_asked(procedure, coming, role), partner, role, raw, coming)),
        agreed=bool(raw.get("agreed")),
        by=str(raw.get("by", "")),
    )


def typed(post: Mapping[str, str]) -> dict[str, Any]:
    """What was posted, by line: fields are named ``<place>-<field>``."""
    lines = [{name: post.get(f"{place}-{name}", "") for name in TYPED} for place in range(2 * MOST_LINES)]
    gone = post.get("remove", "")
    kept = [line for place, line in enumerate(lines) if line["purpose"] and str(place) != gone]
    return {"lines": kept, "agreed": bool(post.get("agreed")), "by": post.get("by", "")}


def blank_for(role: str) -> dict[str, int]:
    """The place of each section's blank line: beyond every line that a form can have."""
    return {purpose: MOST_LINES + n for n, purpose in enumerate(SECTIONS[role])}


def _section(purpose: ContactLine.Purpose, role: str, views: list[FormLineView]) -> Section:
    about, example = ABOUT[purpose]
    lines = [view for view in views if view.typed["purpose"] == purpose]
    blank = FormLineView(blank_for(role)[purpose], dict.fromkeys(TYPED, ""), {}, blank=True)
    return Section(purpose, str(purpose.label), about, example, (*lines, blank))


def _needs(
    needs: Iterable[Requirement], partner: Partner, role: str, raw: Mapping[str, Any], procedure: Procedure
) -> list[Need]:
    why = {gap.gap: gap.why for gap in missing(partner, role, raw, procedure).gaps}
    return [
        Need(
            mark=mark(State.OVERDUE, "Missing") if need.gap in why else mark(State.DONE, "There"),
            text=need.text,
            quote=next((procedure.statements[number] for number in need.cites if number in procedure.statements), ""),
            cites=", ".join(need.cites),
            why=why.get(need.gap, ""),
        )
        for need in needs
    ]
