"""The parts of a procedure, as the loader builds them. All values, nothing to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property

UNSET = "unset"
SET = "set"


class Side(StrEnum):
    """Which part a company plays in a case."""

    MSP = "msp"
    CPO = "cpo"

    @property
    def other(self) -> Side:
        return Side.CPO if self is Side.MSP else Side.MSP


class Channel(StrEnum):
    PHONE = "phone"
    MAIL = "mail"
    COMMAND = "command"
    FIELD = "field"
    TELL_USER = "tell_user"
    INTERNAL = "internal"


class Kind(StrEnum):
    """What an open fact holds. A closed fact holds one of its options."""

    CHOICE = "choice"
    TEXT = "text"
    IDENTIFIER = "identifier"
    PHONE = "phone"
    TIME = "time"


class Machine(StrEnum):
    """What a machine can perform for us."""

    UNLOCK = "unlock"
    REMOTE_STOP = "remote_stop"
    MAIL = "mail"


@dataclass(frozen=True)
class Test:
    """``fact`` is one of ``values``; ``unset`` among them means: not known."""

    fact: str
    values: frozenset[str]


@dataclass(frozen=True)
class Condition:
    """Alternatives, each a conjunction of tests. No alternative at all: always true."""

    alternatives: tuple[tuple[Test, ...], ...] = ()

    @cached_property
    def facts(self) -> frozenset[str]:
        return frozenset(test.fact for tests in self.alternatives for test in tests)


ALWAYS = Condition()


@dataclass(frozen=True)
class Derivation:
    """The fact has ``value`` where ``when`` holds."""

    value: str
    when: Condition


@dataclass(frozen=True)
class CountOf:
    """How often ``fact`` was reported as ``value``: ``1`` … ``up_to``, the last meaning "or more"."""

    fact: str
    value: str
    up_to: int


@dataclass(frozen=True)
class FactDef:
    """What can be known. Closed facts decide; open facts are carried, and decide only by being known."""

    name: str
    line: int
    title: str
    kind: Kind
    options: Mapping[str, str] = field(default_factory=dict)
    ask: str = ""
    personal: bool = False
    when: Condition = ALWAYS
    routes: frozenset[str] = frozenset()
    derive: tuple[Derivation, ...] = ()
    count: CountOf | None = None
    forgets: frozenset[str] = frozenset()
    cites: tuple[str, ...] = ()

    @property
    def is_recorded(self) -> bool:
        """Someone tells it; it does not follow from others."""
        return not self.derive and self.count is None

    @cached_property
    def values(self) -> tuple[str, ...]:
        """What it can be in a decision, ``unset`` left out."""
        if self.count:
            return tuple(str(n) for n in range(1, self.count.up_to + 1))
        if self.derive:
            return tuple(dict.fromkeys(each.value for each in self.derive))
        return tuple(self.options) if self.kind is Kind.CHOICE else (SET,)


@dataclass(frozen=True)
class Route:
    id: str
    line: int
    title: str
    when: Condition
    happens: str = ""
    call_centres_talk: bool = False
    danger: bool = False
    closes_itself: bool = False
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One key of a step: what it records. ``asks`` are open facts typed with it."""

    text: str
    line: int
    note: str = ""
    record: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    call: str = ""


@dataclass(frozen=True)
class Target:
    """How soon; ``business_hours``: counted while the office of whoever owes it is open."""

    length: timedelta
    business_hours: bool = False

    def __str__(self) -> str:
        seconds = int(self.length.total_seconds())
        if self.business_hours:
            return f"{seconds / 3600:g} business hours"
        minutes, seconds = divmod(seconds, 60)
        return " ".join(f"{n} {unit}" for n, unit in ((minutes, "min"), (seconds, "s")) if n) or "0 s"


@dataclass(frozen=True)
class Due:
    """The target runs from the latest of the facts ``after`` that are known."""

    target: str
    after: tuple[str, ...]


@dataclass(frozen=True)
class Late:
    """What the clock records once a duty's time has passed, where ``when`` holds then."""

    when: Condition
    record: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One line of a script that is read to the User."""

    id: str
    text: str
    when: Condition = ALWAYS


@dataclass(frozen=True)
class DutyRule:
    id: str
    line: int
    action: str
    routes: frozenset[str]
    when: Condition
    until: Condition
    owed_by: Side
    channel: Channel
    to: tuple[str, ...]
    do: str
    wait: str = ""
    say: str = ""
    spell: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    requires: tuple[tuple[str, ...], ...] = ()
    result: str = ""
    due: Due | None = None
    late: tuple[Late, ...] = ()
    cites: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    question: str = ""
    steps: tuple[Step, ...] = ()
    machine: Machine | None = None
    message: str = ""
    standing: bool = False
    optional: bool = False
    waivable: bool = False


@dataclass(frozen=True)
class Disclosure:
    """``side`` may see ``field`` while ``when`` holds."""

    field: str
    to: Side
    when: Condition
    cites: tuple[str, ...]


@dataclass(frozen=True)
class FieldWords:
    """How a template field reads in one language.

    ``aliases`` and ``absent_aliases`` are understood and never written. ``facts`` are names of lines that hold one
    fact of the field alone. ``indicative`` are marks of a time that is not exact; the first is written.
    """

    title: str
    aliases: tuple[str, ...] = ()
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    absent_aliases: tuple[str, ...] = ()
    indicative: tuple[str, ...] = ()


@dataclass(frozen=True)
class References:
    """By language, what stands before the sender's own reference in a mail, and before the other one's."""

    ours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    yours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class TemplateField:
    """A line of the message template. ``sources`` are facts, the first known one is written.

    ``absent`` are wordings for when none is known, the first one is written whose facts all are. ``words`` by
    language; English is what is written.
    """

    name: str
    line: int
    title: str
    sources: tuple[str, ...]
    time_format: str = ""
    indicative: Condition | None = None
    absent: tuple[str, ...] = ()
    required: bool = True
    words: Mapping[str, FieldWords] = field(default_factory=dict)
    cites: tuple[str, ...] = ()

    @cached_property
    def carries(self) -> tuple[str, ...]:
        """Every fact that a line of this field can tell: its sources, and what its absence names."""
        wordings = [*self.absent, *(one for words in self.words.values() for one in words.absent)]
        named = [name for wording in wordings for name in re.findall(r"\{(\w+)\}", wording)]
        own = [name for words in self.words.values() for name in words.facts]
        return tuple(dict.fromkeys((*self.sources, *named, *own)))


@dataclass(frozen=True)
class MessageTemplate:
    """A mail. ``tells`` are the facts that hold for each recipient once the relay has accepted it.

    ``by_itself`` after that time it leaves untouched, where ``by_itself_when`` holds. ``by_hand``: pressed by a
    person it is that person's mail, without the marks of a machine. ``defaults`` word template fields that nobody
    has told.
    """

    id: str
    line: int
    subject: str
    opening: str
    tells: Mapping[str, Mapping[str, str]]
    by_itself: timedelta | None = None
    by_itself_when: Condition = ALWAYS
    by_hand: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Requirement:
    """What a partner's contact form must hold. Exactly one of the needs is given."""

    gap: str
    line: int
    text: str
    purpose: str = ""
    channel: str = ""
    hours: str = ""
    language: str = ""
    skills: bool = False
    count: int = 1
    flag: str = ""
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class KickOff:
    owed_by: Side
    business_days: int
    cites: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Procedure:
    """A whole procedure file. Two are the same only if they are one object."""

    id: str
    version: str
    title: str
    file: str
    statements: Mapping[str, str]
    out_of_scope: Mapping[str, str]
    targets: Mapping[str, Target]
    tolerances: Mapping[str, timedelta]
    facts: Mapping[str, FactDef]
    routes: tuple[Route, ...]
    duties: tuple[DutyRule, ...]
    disclosures: tuple[Disclosure, ...]
    template: tuple[TemplateField, ...]
    references: References
    messages: Mapping[str, MessageTemplate]
    readiness: Mapping[str, tuple[Requirement, ...]]
    kick_off: KickOff | None
    tries: Mapping[str, int]

    def route(self, id: str) -> Route:
        return next(route for route in self.routes if route.id == id)

    def duty(self, id: str) -> DutyRule:
        """Raises KeyError where no rule has this name."""
        for rule in self.duties:
            if rule.id == id:
                return rule
        raise KeyError(id)
