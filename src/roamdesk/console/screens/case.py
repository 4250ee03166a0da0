"""The guided case, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.models import Case
from roamdesk.cases.selectors import CaseView, case_view
from roamdesk.console import words
from roamdesk.console.screens.actions import Actions, actions_of
from roamdesk.console.screens.drawing import Drawing, drawing_of
from roamdesk.console.screens.facts import Row, fact_rows
from roamdesk.console.screens.identity import IdentityPanel, identity_panel, match_of
from roamdesk.console.screens.notice import NoticePanel, Sent, notice_panels, sent_mails
from roamdesk.console.screens.owed import Leg, Owed, Sides, legs_in, owed_in
from roamdesk.console.screens.step import Reader, StepCard, step_card
from roamdesk.console.screens.talks import Came, Talk, came_for, talks_of
from roamdesk.console.screens.timeline import Line, lines
from roamdesk.console.screens.understood import UnderstoodPanel, understood_in
from roamdesk.console.screens.unlock import UnlockPanel, unlock_panel
from roamdesk.procedure.tracing import TraceLine


@dataclass(frozen=True)
class CaseScreen:
    case: Case
    view: CaseView
    side: str
    partner: str
    step: StepCard | None
    facts: list[Row]
    owed: Sides
    legs: list[Leg]
    timeline: list[Line]
    trace: list[TraceLine]
    drawing: Drawing | None
    identity: IdentityPanel | None
    unlock: UnlockPanel | None
    notices: list[NoticePanel]
    mails: list[Sent]
    talks: list[Talk]
    came: Came | None
    understood: list[UnderstoodPanel]
    actions: Actions
    age: str
    zone: str

    @property
    def step_notice(self) -> NoticePanel | None:
        """The mail that the step is about; it stands in the card and not below it."""
        return next((panel for panel in self.notices if self.step and panel.rule == self.step.rule), None)

    @property
    def other_notices(self) -> list[NoticePanel]:
        return [panel for panel in self.notices if panel is not self.step_notice]

    @property
    def identity_in_step(self) -> bool:
        return bool(self.step and self.step.compares and self.identity)

    @property
    def unlock_in_step(self) -> bool:
        return bool(self.step and self.step.machine == "unlock" and self.unlock)

    @property
    def awaits(self) -> bool:
        """A station's answer that this operator waits for."""
        return bool(self.unlock and self.unlock.running) or self.actions.stopping

    @property
    def secrets_named(self) -> list[tuple[str, str]]:
        """Personal values that can be revealed."""
        known = [(row.name, row.title) for row in self.facts if row.personal]
        told = [typed.field for panel in self.understood for line in panel.lines for typed in line.typed if typed.shown]
        return list(dict([*((field.name, field.title) for field in told), *known]).items())

    @property
    def clock(self) -> Owed | None:
        """The nearest clock of ours, else of theirs."""
        clocks = [owed for owed in (*self.owed.ours.open, *self.owed.theirs.open) if owed.clock]
        return clocks[0] if clocks else None


def case_screen(
    case: Case, reader: Reader, now: datetime, *, wanted: str, secrets: Mapping[str, str], may_answer: bool
) -> CaseScreen:
    """Everything that the page shows; a case that is over owes nothing. Runs in the desk's scope."""
    view = case_view(case, now, reader.name)
    is_open = case.state == Case.State.OPEN
    if not is_open:
        view = replace(view, duties=(), step=None, later=())
    match, talks = match_of(view, now), talks_of(case)
    step = step_card(view, wanted, reader, now, secrets, may_answer=may_answer) if is_open else None
    return CaseScreen(
        case=case,
        view=view,
        side=words.SIDES[case.side],
        partner=case.partner.name if case.partner else "",
        step=step,
        facts=fact_rows(view, now, reader.zone, secrets),
        owed=owed_in(view, now, reader.zone),
        legs=legs_in(view, reader.zone),
        timeline=lines(view.timeline, now, reader.zone),
        trace=view.trace,
        drawing=drawing_of(view),
        identity=identity_panel(view, match, now),
        unlock=unlock_panel(view, now, reader.zone),
        notices=notice_panels(view, now, reader.zone),
        mails=sent_mails(view, now, reader.zone),
        talks=talks,
        came=came_for(step, view, talks, now, reader.zone),
        understood=understood_in(case, now, reader.zone, secrets.values()),
        actions=actions_of(view, match if is_open else None, now, reader.zone),
        age=words.age(case.opened_at, now),
        zone=words.place_of(reader.zone),
    )
