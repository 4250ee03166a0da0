"""The stage of a play: two operators, the Users, the stations, and a voice that says what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django_scopes import scope

from roamdesk.cases.models import Case
from roamdesk.charging.models import Evse, Session, Station
from roamdesk.demo.desks import CPO
from roamdesk.demo.directory import SIMULATED
from roamdesk.demo.drivers import Driver
from roamdesk.demo.happenings import Happenings
from roamdesk.demo.mailbox import Mailbox
from roamdesk.demo.own_parts import Surroundings
from roamdesk.demo.yard import Doing, tell_yard
from roamdesk.desks.models import Desk, Person

AT_A_STATION = 10.0
STATIONS_CONNECT_WITHIN = 30.0
Say = Callable[[str], None]


@dataclass
class Narrator:
    """Counts the steps and says them."""

    say: Say
    step: int = 0

    def act(self, who: str, what: str) -> None:
        self.step += 1
        self.say(f"{self.step:3}  {who}: {what}")

    def note(self, what: str) -> None:
        self.say(f"       {what}")


@dataclass
class Stage:
    """Where a play is played. ``cases`` are the cases that it opened, in order."""

    narrator: Narrator
    happenings: Happenings
    mailbox: Mailbox
    answer_within: float
    cases: list[Case] = field(default_factory=list)

    def now(self) -> datetime:
        return timezone.now()

    def desk(self, slug: str) -> Desk:
        return Desk.objects.get(slug=slug)

    def person(self, username: str) -> Person:
        return Person.objects.get(username=username)

    def until_connected(self, identity: str) -> None:
        """Raises NotInTime."""
        self.happenings.until(
            f"The connection of station {identity}",
            lambda: Station.objects.filter(identity=identity).exclude(connection_id="").exists(),
            STATIONS_CONNECT_WITHIN,
        )

    def charges(self, driver: Driver) -> Session:
        """The User plugs in and starts; the session as Nordlade's backend has it. Raises NotInTime."""
        with scope(desk=self.desk(CPO)):
            self.until_connected(driver.station)
            sessions = Session.objects.filter(station__identity=driver.station, ended_at__isnull=True)
            here = sessions.filter(token_key=driver.token)
            before = set(here.values_list("pk", flat=True))
            tell_yard(Doing.ARRIVE, driver)
            session = self.happenings.until(
                f"The start of {driver.name}'s session at {driver.station}",
                lambda: here.exclude(pk__in=before).select_related("evse").first(),
                AT_A_STATION,
            )
        self.narrator.act(driver.name, f"plugs in at {label_of(driver)} and starts with the card …{driver.token[-4:]}")
        self.narrator.note(f"station {driver.station} reports the session, transaction {session.transaction_id}")
        return session

    def pulls(self, driver: Driver) -> None:
        """The User pulls the cable, and the station sees it. Raises NotInTime."""
        with scope(desk=self.desk(CPO)):
            evse = Evse.objects.get(label=label_of(driver))
            tell_yard(Doing.UNPLUG, driver)
            self.happenings.until(
                f"The report of {driver.station} that the cable is out", lambda: _is_free(evse), AT_A_STATION
            )
        self.narrator.act(driver.name, "pulls: the cable is out")
        self.narrator.note(f"station {driver.station} reports Available")

    def station_answers_at_last(self, driver: Driver) -> None:
        tell_yard(Doing.ANSWER_NOW, driver)
        self.narrator.act(driver.station, "answers at last")


def label_of(driver: Driver) -> str:
    """What is printed where the User charges."""
    post = next(post for post in SIMULATED if post.identity == driver.station)
    return post.label(driver.place)


def _is_free(evse: Evse) -> bool:
    evse.refresh_from_db()
    return evse.status == "Available"


@contextmanager
def stage(around: Surroundings, say: Say) -> Iterator[Stage]:
    """A stage; the demo's data must be in place."""
    with Happenings() as happenings:
        yield Stage(Narrator(say), happenings, around.mailbox, around.answer_within)
