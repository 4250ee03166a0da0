"""Who acts on a case, and through what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from roamdesk.desks.models import Person


class Through(StrEnum):
    CONSOLE = "console"
    API = "api"
    STATION = "station"
    MAIL = "mail"
    CLOCK = "clock"
    DEMO = "demo"


@dataclass(frozen=True)
class Actor:
    """Whoever changes a case: a person, or a machine with a name."""

    name: str
    through: Through
    person: Person | None = None

    @staticmethod
    def of(person: Person, through: Through = Through.CONSOLE) -> Actor:
        return Actor(str(person), through, person)


CLOCK = Actor("the clock", Through.CLOCK)
RELAY = Actor("the mail relay", Through.MAIL)
INCOMING = Actor("the mailbox", Through.MAIL)
STATION = Actor("the station", Through.STATION)
BACKEND = Actor("the backend", Through.STATION)
