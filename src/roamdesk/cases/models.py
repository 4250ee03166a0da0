"""Cases, their events and duties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Reverse
from django_scopes import ScopedManager

from roamdesk.correspondence.models import IncomingMail
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner, ProcedureVersion


@dataclass
class Draft:
    """What a verb has read of a case, and what it will write at its end. ``duties`` are the open ones, by rule."""

    duties: dict[str, Duty] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    raised: list[Duty] = field(default_factory=list)
    changed: dict[int, Duty] = field(default_factory=dict)
    personal: dict[int, str] = field(default_factory=dict)
    folded: tuple[object, Any] | None = None
    words: list[str] | None = None


class Case(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        MERGED = "merged", "Merged into another"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="cases", db_index=False)
    reference = models.CharField(max_length=20)
    their_reference = models.CharField(max_length=60, blank=True)
    side = models.CharField(max_length=3, choices=[("msp", "MSP"), ("cpo", "CPO")])
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    evse = models.ForeignKey("charging.Evse", null=True, blank=True, on_delete=models.SET_NULL, related_name="cases")
    procedure = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, db_index=False)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=0, help_text="The number of the last event")
    head = models.CharField(max_length=64, blank=True, help_text="Hash of the last event")
    owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    known = models.JSONField(default=dict, help_text="The events, folded; rebuilt by every verb, checked by doctor")
    # What the queue needs without planning; rebuilt by every verb.
    route = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120, blank=True)
    next_action = models.CharField(max_length=160, blank=True)
    next_cites = models.CharField(max_length=40, blank=True)
    next_owed_by = models.CharField(max_length=3, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    next_since = models.DateTimeField(null=True, blank=True)
    is_danger = models.BooleanField(default=False)
    is_unknown = models.BooleanField(default=False)
    may_close = models.BooleanField(default=False)
    attention = models.CharField(max_length=400, blank=True, help_text="What a person must look at, in words")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Case]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "reference"], name="case_reference_once"),
            models.CheckConstraint(
                name="case_closed_has_time", condition=~Q(state="closed") | Q(closed_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["desk", "next_due_at"], name="case_open_due", condition=Q(state="open")),
            models.Index(fields=["desk", "-opened_at"], name="case_opened"),
            models.Index(fields=["desk", "partner", "-opened_at"], name="case_of_partner"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = Draft()

    def __str__(self) -> str:
        return self.reference


class Event(models.Model):
    """What happened, once and for all. A trigger refuses to change or delete a row."""

    id = models.BigAutoField(primary_key=True)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(help_text="When it happened, UTC")
    recorded_at = models.DateTimeField(help_text="When it was written, UTC")
    by = models.CharField(max_length=80)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT)
    through = models.CharField(max_length=20, help_text="console, api, station, mail, clock")
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Event]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="event_number_once")]
        indexes = [
            # For the board: what stations reported of an Unlock in a period.
            models.Index(
                fields=["desk", "at"],
                name="event_unlock_told",
                condition=Q(kind="facts", data__values__has_key="unlock"),
                include=["case"],
            )
        ]
        ordering = ["case", "number"]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class Duty(models.Model):
    """What one party owes the other in a case, with its clock."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        LAPSED = "lapsed", "No longer owed"
        DECLINED = "declined", "Declined"
        DEPARTED = "departed", "Departed from"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="duties")
    rule = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    owed_by = models.CharField(max_length=3)
    ours = models.BooleanField()
    channel = models.CharField(max_length=10)
    title = models.CharField(max_length=160)
    cites = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    overdue_at = models.DateTimeField(null=True, blank=True, help_text="When the clock noticed")
    escalated_at = models.DateTimeField(null=True, blank=True)
    performs_at = models.DateTimeField(null=True, blank=True, help_text="When a machine does it by itself")
    performed_at = models.DateTimeField(null=True, blank=True, help_text="When a machine was told to")
    next_clock_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Duty]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "rule"], name="duty_open_once", condition=Q(state="open")),
            models.CheckConstraint(name="duty_ended_has_time", condition=Q(state="open") | Q(ended_at__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["next_clock_at"], name="duty_clock", condition=Q(state="open")),
            models.Index(fields=["desk", "due_at"], name="duty_open_due", condition=Q(state="open")),
            # For the board: what ended in a period.
            models.Index(fields=["desk", "action", "ended_at"], name="duty_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title


class PersonalValue(models.Model):
    """The one place of a User's phone number, token or name in a case. Erased by retention; events only point here."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="personal_values")
    field = models.CharField(max_length=40)
    value = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=200, blank=True, help_text="Letters and digits of the value, in capitals")
    erased_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[PersonalValue]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.CheckConstraint(name="erased_is_empty", condition=Q(erased_at__isnull=True) | Q(value="", key=""))
        ]
        # Found by its end, as people give a token or a number: "… ends with 4F80".
        indexes = [models.Index("desk", OpClass(Reverse("key"), "text_pattern_ops"), name="personal_by_its_end")]

    def __str__(self) -> str:
        return self.field


class MailReading(models.Model):
    """What was understood of a mail: proposals, and the cases that it may belong to. Erased with the case's User."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    mail = models.OneToOneField(IncomingMail, on_delete=models.CASCADE, related_name="reading")
    proposals = models.JSONField(default=list, help_text="Of understanding.Proposal")
    doubts = models.JSONField(default=list, help_text="What could not be read, in words")
    maybe = models.JSONField(default=list, help_text="Cases, each with the reason")
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When a person decided something of it last")

    objects: ClassVar[models.Manager[MailReading]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return str(self.mail)


class CaseLink(models.Model):
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="linked_from")
    why = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[CaseLink]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "other"], name="link_once")]

    def __str__(self) -> str:
        return f"{self.case} – {self.other}"


class CaseWords(models.Model):
    """What a case is searched by, each word with its desk before it, so that one index serves every desk."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="words")
    words = SearchVectorField()

    objects: ClassVar[models.Manager[CaseWords]] = ScopedManager(desk="desk")

    class Meta:
        indexes = [GinIndex(fields=["words"], name="case_words")]

    def __str__(self) -> str:
        return str(self.case)


class CaseNumber(models.Model):
    """The last number given out per desk and month."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    month = models.CharField(max_length=4)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "month"], name="case_number_once")]

    def __str__(self) -> str:
        return f"{self.month}-{self.last}"
