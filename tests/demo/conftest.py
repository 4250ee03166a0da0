"""One running demo for all plays of a module: stations, endpoint, sender and post office on free ports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django_scopes import scope, scopes_disabled

from roamdesk.cases.models import Case, Duty, PersonalValue
from roamdesk.charging.models import Command, MatchVerdict
from roamdesk.correspondence.models import Call
from roamdesk.demo.data import seed
from roamdesk.demo.mailbox import ReceivedMail
from roamdesk.demo.own_parts import Surroundings, brought_up
from roamdesk.demo.plays import play_named
from roamdesk.demo.stage import stage
from roamdesk.demo.yard import Yard

SEEDED_AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)
SILENCE = 0.5
TEMPLATE = ("Date and time", "EVSE id", "Token", "CDR id", "Event")


@pytest.fixture(scope="module")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of the usual one: what the plays of a module commit is seen by other threads, and goes at its end."""
    with django_db_blocker.unblock():
        yield
        # Numbers are not given out again: procedures are kept in memory by theirs.
        call_command("flush", interactive=False, verbosity=0, reset_sequences=False)


@pytest.fixture(scope="module")
def seeded(transactional_db: None) -> datetime:
    """The demo's data, for all tests of a module; the instant that their ages count from."""
    seed(SEEDED_AT)
    return SEEDED_AT


@pytest.fixture(scope="module")
def running_demo(seeded: datetime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with override_settings(VAR=tmp_path_factory.mktemp("demo")), brought_up(answer_within=SILENCE) as around:
        yield around


@dataclass
class Played:
    """What a play left behind."""

    said: list[str]
    cases: list[Case]
    mails: list[ReceivedMail]
    frames: dict[str, list[str]]

    def case_at(self, desk: str) -> Case:
        """The only one of that desk."""
        [found] = [case for case in self.cases if case.desk.slug == desk]
        return found

    @property
    def states(self) -> set[str]:
        return {case.state for case in self.cases}

    @property
    def asked_of_stations(self) -> list[tuple[str, str]]:
        """(station, action) of every order that a station got."""
        return [(identity, json.loads(frame)[2]) for identity, frames in self.frames.items() for frame in frames]

    def payload(self, action: str) -> list[dict[str, Any]]:
        frames = [json.loads(frame) for frames in self.frames.values() for frame in frames]
        return [frame[3] for frame in frames if frame[2] == action]

    def calls_at(self, desk: str) -> list[tuple[str, str, str]]:
        """(to, number, result), in order."""
        case = self.case_at(desk)
        with scope(desk=case.desk):
            calls = Call.objects.filter(about=f"case:{case.pk}").order_by("pk")
            return list(calls.values_list("to", "number", "result"))

    def duty(self, desk: str, rule: str) -> Duty:
        """The newest of that rule."""
        case = self.case_at(desk)
        with scope(desk=case.desk):
            found: Duty = Duty.objects.filter(case=case, rule=rule).latest("pk")
            return found

    def rules_of(self, desk: str) -> set[str]:
        """Every duty that was ever owed."""
        case = self.case_at(desk)
        with scope(desk=case.desk):
            return set(Duty.objects.filter(case=case).values_list("rule", flat=True))

    def personal_at(self, desk: str) -> dict[str, str]:
        case = self.case_at(desk)
        with scope(desk=case.desk):
            return dict(PersonalValue.objects.filter(case=case).values_list("field", "value"))

    def commands(self, desk: str) -> list[Command]:
        case = self.case_at(desk)
        with scope(desk=case.desk):
            return list(Command.objects.filter(about=f"case:{case.pk}").order_by("pk"))

    def verdicts(self, desk: str) -> list[str]:
        case = self.case_at(desk)
        with scope(desk=case.desk):
            verdicts = MatchVerdict.objects.filter(about=f"case:{case.pk}").order_by("pk")
            return list(verdicts.values_list("verdict", flat=True))


def perform(name: str, around: Surroundings) -> Played:
    """Plays it; what was there before is left out, and so are mails that are about no case."""
    play, said = play_named(name), list[str]()
    yard = yard_of(around)
    before = {mail.name for mail in around.mailbox.mails()}
    heard = {identity: len(station.frames) for identity, station in yard.stations.items()}
    assert play is not None
    with stage(around, said.append) as told:
        play.perform(told)
    with scopes_disabled():
        cases = [Case.objects.select_related("desk").get(pk=case.pk) for case in told.cases]
    new = [mail for mail in reversed(around.mailbox.mails()) if mail.name not in before]
    mails = [mail for mail in new if mail.message["X-Roamdesk-Case"]]
    frames = {
        identity: [frame for frame in station.frames[heard[identity] :] if json.loads(frame)[0] == 2]
        for identity, station in yard.stations.items()
    }
    return Played(said, cases, mails, frames)


def yard_of(around: Surroundings) -> Yard:
    assert around.yard is not None
    return around.yard


def template_of(mail: ReceivedMail) -> dict[str, str]:
    """The five fields, as the text part has them."""
    found = re.findall(r"(?m)^([A-Z][A-Za-z ]+): (.*)$", mail.text)
    return {title: value for title, value in found if title in TEMPLATE}
