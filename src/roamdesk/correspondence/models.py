"""Mail that leaves, and calls that were made."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner


class Fate(models.TextChoices):
    """What became of one address of a message."""

    PENDING = "pending", "Not yet handed over"
    HANDED = "handed", "Handed over, answer awaited"
    ACCEPTED = "accepted", "Accepted by the relay"
    REFUSED = "refused", "Refused by the relay"
    UNKNOWN = "unknown", "Handed over, no answer: unknown"


class Message(models.Model):
    """An outbox row: written with the case's transaction, sent afterwards, never twice."""

    class State(models.TextChoices):
        """Where the whole message stands; ``Fate`` says it of each address."""

        QUEUED = "queued", "Queued"
        SENDING = "sending", "Being handed to the relay"
        ACCEPTED = "accepted", "Accepted by the relay"
        UNKNOWN = "unknown", "Handed over, no answer: unknown"
        REFUSED = "refused", "Refused by the relay"
        BOUNCED = "bounced", "Bounced"
        ANSWERED = "answered", "Answered"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.SET_NULL)
    about = models.CharField(max_length=60, blank=True, db_index=True, help_text="For instance case:17")
    key = models.CharField(max_length=80, help_text="Idempotency key, once per desk")
    message_id = models.CharField(max_length=200, unique=True)
    mail_from = models.EmailField()
    to = ArrayField(models.EmailField())
    fates = models.JSONField(default=dict, help_text="Fate of each address")
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, help_text="An iCalendar object, sent as an invitation")
    headers = models.JSONField(default=dict)
    tells = models.JSONField(default=dict, help_text="What the recipients know once the relay accepted it")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_reply = models.CharField(max_length=500, blank=True, help_text="The relay's last words")
    queued_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    attempt_token = models.CharField(max_length=32, blank=True, help_text="Who sends: fences off older attempts")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="From then on the sender counts as gone")
    announced = models.BooleanField(default=True, help_text="The listeners have heard of the state")

    objects: ClassVar[models.Manager[Message]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "key"], name="message_key_once_per_desk"),
            models.CheckConstraint(name="message_has_recipients", condition=models.Q(to__len__gt=0)),
            models.CheckConstraint(
                name="message_sending_has_lease",
                condition=~models.Q(state="sending") | models.Q(leased_until__isnull=False),
            ),
            models.CheckConstraint(
                name="message_queued_has_next_attempt",
                condition=~models.Q(state="queued") | models.Q(next_attempt_at__isnull=False),
            ),
            models.CheckConstraint(
                name="message_accepted_has_time",
                condition=~models.Q(state="accepted") | models.Q(accepted_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="message_in_the_outbox",
                condition=models.Q(state__in=["queued", "sending"]) | models.Q(announced=False),
            )
        ]

    def __str__(self) -> str:
        return self.subject

    def addresses(self, *fates: Fate) -> list[str]:
        """The addresses with one of these fates, in the order of the envelope."""
        return [address for address in self.to if self.fates.get(address) in fates]


class Call(models.Model):
    """A phone call, logged: number, answered or not, by whom, how long."""

    class Result(models.TextChoices):
        ANSWERED = "answered", "Answered"
        NO_ANSWER = "no_answer", "Nobody answered"
        MACHINE = "machine", "A machine or a queue"
        REFUSED = "refused", "They refused"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.SET_NULL)
    about = models.CharField(max_length=60, blank=True, db_index=True)
    direction = models.CharField(max_length=3, choices=[("out", "Outgoing"), ("in", "Incoming")])
    number = models.CharField(max_length=20, blank=True)
    to = models.CharField(max_length=20, help_text="cpo_cc, msp_cc or user")
    result = models.CharField(max_length=10, choices=Result)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    seconds = models.PositiveIntegerField(null=True, blank=True)

    objects: ClassVar[models.Manager[Call]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.result}"
