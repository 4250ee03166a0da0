"""A partner: what the procedure asks of its contact form, who is reached when, and in which order to dial."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.coverage import Cover, cover_of
from roamdesk.console.screens.dial import Line, panel_of
from roamdesk.partners.agreed import Agreed
from roamdesk.partners.contact_form import FormState, Standing, form_state
from roamdesk.partners.dialling import number_to_dial
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.procedures import procedure_at
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import Requirement
from roamdesk.procedure.readiness import also_asked


@dataclass(frozen=True)
class RequirementRow:
    mark: Mark
    text: str
    quote: str
    cites: str
    has: str
    hint: str


@dataclass(frozen=True)
class RoleView:
    """``coming``: what a version that the partner was sent, and that is not in force yet, asks for as well."""

    role: str
    state: Mark
    rows: tuple[RequirementRow, ...]
    coming: tuple[RequirementRow, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PartnerScreen:
    partner: Partner
    roles: tuple[RoleView, ...]
    cover: Cover | None
    others: tuple[ContactLine, ...]
    ids: str


def partner_screen(partner: Partner, agreed: Agreed, now: datetime, zone: str, language: str) -> PartnerScreen:
    """The whole page, by the version in force between the two. Runs in the desk's scope."""
    lines = list(partner.lines.all())
    procedure = procedure_at(agreed.version.pk)
    coming = procedure_at(agreed.coming.publication.version_id) if agreed.coming else procedure
    roles = partner.roles
    views = tuple(_role(partner, role, lines, procedure, coming, now, zone, language) for role in roles)
    dialled = {line.pk for view in views for line in view.lines}
    return PartnerScreen(
        partner=partner,
        roles=views,
        cover=cover_of(partner, lines, procedure, now),
        others=tuple(line for line in lines if line.pk not in dialled),
        ids=", ".join([*partner.operator_ids, *partner.provider_ids, *partner.evse_prefixes]),
    )


def _role(
    partner: Partner,
    role: str,
    lines: list[ContactLine],
    procedure: Procedure,
    coming: Procedure,
    now: datetime,
    zone: str,
    language: str,
) -> RoleView:
    state, needs = form_state(partner, role, procedure, lines, now), procedure.readiness.get(role, ())
    mine = [line for line in lines if line.role == role]
    later = also_asked(procedure, coming, role)
    then = form_state(partner, role, coming, lines, now) if later else state
    dial = number_to_dial(partner, f"{role}_cc", now, language)
    return RoleView(
        role=words.SIDES[role],
        state=standing_mark(state, len(needs)),
        rows=_requirements(needs, state, mine, procedure, now),
        coming=_requirements(later, then, mine, coming, now),
        lines=panel_of(partner.name, dial, now, zone).lines,
    )


def _requirements(
    needs: Iterable[Requirement], state: FormState, lines: list[ContactLine], procedure: Procedure, now: datetime
) -> tuple[RequirementRow, ...]:
    lacking = {gap.gap: gap.why for gap in state.gaps}
    old = {gap.gap for gap in state.old}
    return tuple(
        _requirement(need, lacking.get(need.gap, ""), need.gap in old, lines, procedure, now) for need in needs
    )


def standing_mark(state: FormState, needs: int) -> Mark:
    """Ready, stale or not ready, with how much is missing."""
    if state.standing is Standing.NOT_READY:
        return mark(State.OVERDUE, f"Not ready: {len(state.gaps)} of {needs} missing")
    if state.standing is Standing.STALE:
        return mark(State.UNKNOWN, f"Stale: {len(state.old)} to confirm")
    return mark(State.DONE, "Ready")


def _requirement(
    need: Requirement, why: str, stale: bool, lines: list[ContactLine], procedure: Procedure, now: datetime
) -> RequirementRow:
    given = [line for line in lines if line.purpose == need.purpose and need.channel in ("", line.channel)]
    quote = next((procedure.statements[number] for number in need.cites if number in procedure.statements), "")
    values = ", ".join(dict.fromkeys(line.person_name or words.phone(line.value) for line in given))
    newest = max((line.verified_at for line in given if line.verified_at), default=None)
    return RequirementRow(
        mark=mark(State.OVERDUE, "Gap") if why else mark(State.UNKNOWN, "Stale") if stale else mark(State.DONE, "Met"),
        text=need.text,
        quote=quote,
        cites=", ".join(need.cites),
        has=why or values or "Given",
        hint=f"verified {words.ago(newest, now)}" if newest else "never verified" if given else "",
    )
