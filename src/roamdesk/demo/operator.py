"""An operator in a play: presses what the console offers, by the same verbs, and says what the desk answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django_scopes import scope

from roamdesk.cases import commands, notices, services
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.models import Case, Duty
from roamdesk.cases.placing import open_case_from
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.services import Typed
from roamdesk.cases.understanding import confirm_understood, open_proposals, readings_in
from roamdesk.cases.words import fill
from roamdesk.charging.dialling import number_at
from roamdesk.charging.models import Command
from roamdesk.charging.ports import Outcome
from roamdesk.charging.roaming.stopping import carry_out_stop
from roamdesk.correspondence.models import IncomingMail, Message
from roamdesk.demo.stage import Stage
from roamdesk.partners.models import Partner
from roamdesk.partners.numbers import shown
from roamdesk.procedure.model import DutyRule
from roamdesk.worktime import format_clock

COMMAND_SLACK = 20.0
MAIL_LEAVES_WITHIN = 20.0
WORDS = {
    Outcome.UNLOCKED: "unlocked (reported by the station)",
    Outcome.NO_ANSWER: "no answer: unknown",
    Outcome.NOT_CONNECTED: "not sent: the station is not connected",
}
_SETTLED = (Command.State.ANSWERED, Command.State.NOT_SENT, Command.State.UNKNOWN)


class Operator:
    """``Operator(stage, "mara@voltpass", "msp", "Nordlade")``: works at one side, with one case at a time."""

    def __init__(self, stage: Stage, username: str, side: str, partner: str) -> None:
        self.stage, self.side = stage, side
        self.desk = stage.desk(username.partition("@")[2])
        self.actor = Actor.of(stage.person(username), Through.DEMO)
        with scope(desk=self.desk):
            self.partner = Partner.objects.get(name=partner)
        self._case: Case | None = None
        self._unlocks = 0

    @property
    def name(self) -> str:
        return f"{self.actor.name} ({self.desk})"

    @property
    def case(self) -> Case:
        """As it is now. Raises RuntimeError before ``opens``."""
        if self._case is None:
            raise RuntimeError(f"{self.name} has no case yet.")
        with scope(desk=self.desk):
            found: Case = Case.objects.select_related("desk", "partner", "evse").get(pk=self._case.pk)
            return found

    # ---- the verbs ----

    def opens(self, *, their_reference: str = "", **facts: Any) -> None:
        self._case = services.open_case(
            self.desk,
            side=self.side,
            facts=facts,
            partner=self.partner,
            their_reference=their_reference,
            actor=self.actor,
            at=self.stage.now(),
        )
        self.stage.cases.append(self._case)
        theirs = f", theirs is {their_reference}" if their_reference else ""
        self._act(f"opens {self._case.reference}{theirs}")
        self.stage.narrator.note(f"route: {self._route()}")
        self._say_owed()

    def answers(self, rule_id: str, text: str, **typed: Any) -> None:
        """Presses the answer that reads ``text`` at an open duty, with what is typed beside it."""
        case = self.case
        with scope(desk=self.desk):
            rule = procedure_of(case).duty(rule_id)
            key = next(number for number, answer in enumerate(rule.answers, start=1) if answer.text == text)
            number = self._number_of(rule) if rule.answers[key - 1].call else ""
            wanted = rule.do if rule.owed_by == self.side or not rule.wait else rule.wait
            self._act(f"{fill(case, wanted)} ({_cites(rule.cites)})")
        if number:
            self.stage.narrator.note(f"dials {shown(number)}")
        services.answer_step(
            case, rule_id, key, typed=Typed(values=typed, number=number), actor=self.actor, at=self.stage.now()
        )
        self.stage.narrator.note(f"answer {key}: {self._filled(text)}" + self._listed(typed))
        self._say_owed()

    def hears(self, what: str, **facts: Any) -> None:
        """Writes down what somebody said or what was found out."""
        services.record_facts(self.case, facts, actor=self.actor, at=self.stage.now(), note=what)
        self._act(f"notes: {what}")
        self._say_owed()

    def notes_their_reference(self, reference: str) -> None:
        services.set_their_reference(self.case, reference, actor=self.actor, at=self.stage.now())
        self._act(f"notes their reference, {reference}")

    def unlocks(self) -> Command:
        """Sends the Unlock to the station and waits for its word, or for its silence to become unknown."""
        self._unlocks += 1
        command = commands.request_unlock(self.case, actor=self.actor, at=self.stage.now(), key=f"demo-{self._unlocks}")
        with scope(desk=self.desk):
            self._act(f"sends the Unlock to {command.evse} (S15)")
            settled = self.stage.happenings.until(
                f"An answer of {command.station}, or its silence,",
                lambda: _settled(command),
                self.stage.answer_within + COMMAND_SLACK,
            )
        self._say_command(settled)
        self._say_owed()
        return settled

    def ends_session(self) -> Command:
        """Asks the CPO through the hub to end the User's session, as the worker does, and says what came back."""
        self._unlocks += 1
        at = self.stage.now()
        command = commands.request_remote_stop(self.case, actor=self.actor, at=at, key=f"demo-{self._unlocks}")
        self._act(f"asks Nordlade through the hub to end the session at {command.evse} (S12)")
        carry_out_stop(command.pk, self.stage.now)
        with scope(desk=self.desk):
            settled = self.stage.happenings.until(
                "The hub's answer", lambda: _settled(command), self.stage.answer_within + COMMAND_SLACK
            )
        words = WORDS.get(Outcome(settled.outcome), settled.outcome.replace("_", " "))
        self.stage.narrator.note("; ".join(filter(None, [words, settled.detail])))
        self._say_owed()
        return settled

    def waits_for_late_answer(self, command: Command) -> Command:
        """Raises NotInTime."""
        with scope(desk=self.desk):
            late = self.stage.happenings.until(
                f"The late answer of {command.station}", lambda: _settled(command, late=True), COMMAND_SLACK
            )
        self._say_command(late)
        self._say_owed()
        return late

    def mails(self, rule_id: str, opening: str = "") -> Message:
        """Sends the mail of a duty, with these first words, and waits until the relay has taken it."""
        message = notices.send_notice(self.case, rule_id, actor=self.actor, at=self.stage.now(), opening=opening)
        self._act(f"sends: {message.subject}")
        self.stage.narrator.note(f"to {', '.join(message.to)}: queued")
        with scope(desk=self.desk):
            sent = self.stage.happenings.until(
                f"The relay's word on {message.subject!r}", lambda: _accepted(message), MAIL_LEAVES_WITHIN
            )
        self.stage.narrator.note(f"accepted by the relay: {sent.last_reply}")
        self._say_owed()
        return sent

    def closes(self) -> None:
        services.close_case(self.case, actor=self.actor, at=self.stage.now(), reason="nothing is owed")
        self._act(f"closes {self.case.reference}")

    def finds_case_of(self, message: Message) -> None:
        """The case at this desk in which a partner's mail stands by itself; where several could be meant, a new one.

        Raises NotInTime.
        """
        with scope(desk=self.desk):
            mail = self._mail_that_came(message)
            if not mail.about:
                self.stage.narrator.note(f"{self.desk}: {mail.reason}")
                open_case_from(mail, actor=self.actor, at=self.stage.now())
                mail.refresh_from_db()
            self._case = Case.objects.get(pk=mail.about.removeprefix("case:"))
        if self._case not in self.stage.cases:
            self.stage.cases.append(self._case)
        self._act(f"finds the mail in {self._case.reference}: {mail.subject}")
        self.stage.narrator.note(mail.reason)

    def confirms_what_the_mail_says(self) -> None:
        """Takes what was understood of the newest mail of the case, field by field, as facts."""
        with scope(desk=self.desk):
            reading = readings_in(self.case)[0]
            told = [f"{each.title}: {each.raw}" for each in open_proposals(reading, self.case)]
        confirm_understood(self.case, reading.mail, actor=self.actor, at=self.stage.now())
        self._act("confirms what was understood of the mail")
        for line in told:
            self.stage.narrator.note(line)
        self._say_owed()

    def sees_acknowledged(self, message: Message) -> Message:
        """Our machine's acknowledgement of a partner's mail, once the relay has it. Raises NotInTime."""
        with scope(desk=self.desk):
            mail = self._mail_that_came(message)
            sent = self.stage.happenings.until(
                f"The acknowledgement of {mail.subject!r}", lambda: _acknowledgement(self.case), MAIL_LEAVES_WITHIN
            )
        self.stage.narrator.act(f"{self.desk}'s machine", f"acknowledges it to {', '.join(sent.to)}: {sent.subject}")
        return sent

    def sees_answered(self, message: Message) -> None:
        """A person's answer to a mail of ours has found its case. Raises NotInTime."""
        with scope(desk=self.desk):
            answered = Message.objects.filter(pk=message.pk, state=Message.State.ANSWERED)
            self.stage.happenings.until(f"An answer to {message.subject!r}", answered.first, MAIL_LEAVES_WITHIN)
            mail = IncomingMail.objects.filter(answers=message, automatic="").latest("pk")
        self._act(f"sees in {self.case.reference} that the mail was answered: {mail.subject}")
        self.stage.narrator.note(mail.reason)

    def _mail_that_came(self, message: Message) -> IncomingMail:
        came = IncomingMail.objects.filter(desk=self.desk, message_id=message.message_id, state="read")
        found: IncomingMail = self.stage.happenings.until(
            f"The arrival of {message.subject!r} at {self.desk}", came.select_related("desk").first, MAIL_LEAVES_WITHIN
        )
        return found

    # ---- what is said of it ----

    def _act(self, what: str) -> None:
        self.stage.narrator.act(self.name, what)

    def _filled(self, text: str) -> str:
        case = self.case
        with scope(desk=self.desk):
            return fill(case, text)

    def _listed(self, typed: dict[str, Any]) -> str:
        with scope(desk=self.desk):
            facts = procedure_of(self.case).facts
        told = (f"{facts[name].title} {_readable(value)}" for name, value in typed.items())
        return f" ({', '.join(told)})" if typed else ""

    def _route(self) -> str:
        with scope(desk=self.desk):
            route = next(each for each in procedure_of(self.case).routes if each.id == self.case.route)
        return f"{route.title} ({_cites(route.cites)})"

    def _number_of(self, rule: DutyRule) -> str:
        """The number of whoever the rule has us phone; a User's stands in the case."""
        to = rule.to[-1]
        if to == "user":
            return ""
        lines = number_at(self.partner, to, self.stage.now(), self.desk.language, evse=self.case.evse).lines
        return lines[0].number if lines else ""

    def _say_command(self, command: Command) -> None:
        for text in filter(None, command.request.splitlines()):
            self.stage.narrator.note(f"to {command.own_station.identity}: {text}")
        for text in filter(None, command.response.splitlines()):
            self.stage.narrator.note(f"from {command.own_station.identity}: {text}")
        late = ", late answer" if command.late else ""
        words = WORDS.get(Outcome(command.outcome), command.outcome.replace("_", " "))
        self.stage.narrator.note("; ".join(filter(None, [words + late, command.detail])))

    def _say_owed(self) -> None:
        case = self.case
        if case.state == Case.State.CLOSED:
            self.stage.narrator.note(f"{case.reference} is closed: nothing is owed")
            return
        with scope(desk=self.desk):
            duties = list(Duty.objects.filter(case=case, state=Duty.State.OPEN))
        now = self.stage.now()
        self.stage.narrator.note(f"next: {case.next_action} ({case.next_cites})" if case.next_action else "next: close")
        for duty in duties:
            if duty.due_at:
                owes = self.desk.name if duty.ours else str(self.partner)
                self.stage.narrator.note(f"{owes} owes: {duty.title}, {_left(duty.due_at, now)} ({duty.cites})")


def _settled(command: Command, *, late: bool = False) -> Command | None:
    found = Command.objects.select_related("station", "evse").filter(pk=command.pk, state__in=_SETTLED)
    return (found.filter(late=True) if late else found).first()


def _accepted(message: Message) -> Message | None:
    taken = (Message.State.ACCEPTED, Message.State.ANSWERED)
    return Message.objects.filter(pk=message.pk, state__in=taken).first()


def _acknowledgement(case: Case) -> Message | None:
    ours = Message.objects.filter(about=f"case:{case.pk}", origin=Message.Origin.REPLIED)
    return ours.filter(state=Message.State.ACCEPTED).first()


def _cites(cites: tuple[str, ...]) -> str:
    return ", ".join(cites)


def _readable(value: object) -> str:
    return f"{value:%d/%m/%Y %H:%M} UTC" if isinstance(value, datetime) else str(value)


def _left(due: datetime, now: datetime) -> str:
    return f"{format_clock(max(due - now, timedelta()))} left until {due:%H:%M} UTC"
