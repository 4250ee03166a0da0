"""Kick-off meetings (S6): demanded, due, scheduled, held or missed, and the answers to their invitations."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk
from roamdesk.partners.models.agreement import ProcedureVersion
from roamdesk.partners.models.partner import Partner


class KickOff(models.Model):
    """A kick-off meeting with a partner about a procedure that is to be implemented (S6, A18)."""

    class State(models.TextChoices):
        DUE = "due", "To be scheduled"
        SCHEDULED = "scheduled", "Scheduled"
        HELD = "held", "Held"
        MISSED = "missed", "Missed"
        CANCELLED = "cancelled", "Called off"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="kick_offs")
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.DUE)
    demanded_at = models.DateTimeField(help_text="When the MSP required it")
    demanded_by = models.CharField(max_length=120)
    due_on = models.DateField(help_text="Last day, in the CPO's calendar")
    zone = models.CharField(max_length=64, help_text="IANA zone of the CPO, in which the days are counted")
    begins_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=200, blank=True, help_text="Address of a room or of a video call")
    uid = models.CharField(max_length=200, unique=True, help_text="iCalendar UID")
    sequence = models.PositiveIntegerField(default=0, help_text="iCalendar SEQUENCE of the newest invitation")
    invited = ArrayField(models.EmailField(), default=list)
    answers = models.JSONField(default=dict, help_text="Newest iCalendar PARTSTAT by address")
    minutes = models.TextField(blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was called off or missed")

    objects: ClassVar[models.Manager[KickOff]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="scheduled_has_time",
                condition=~models.Q(state="scheduled")
                | models.Q(begins_at__isnull=False, ends_at__gt=models.F("begins_at")),
            ),
            models.UniqueConstraint(
                fields=["partner", "version"],
                name="one_open_kick_off",
                condition=models.Q(state__in=["due", "scheduled"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Kick-off meeting with {self.partner}"


class MeetingAction(models.Model):
    """An action that was agreed in a meeting."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    meeting = models.ForeignKey(KickOff, on_delete=models.CASCADE, related_name="actions")
    text = models.CharField(max_length=300)
    owner = models.CharField(max_length=80)
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[MeetingAction]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


class InvitationReply(models.Model):
    """An answer to an invitation as it came, and what was made of it."""

    class Verdict(models.TextChoices):
        TAKEN = "taken", "Taken"
        STRANGER = "stranger", "From somebody who was not invited"
        SUPERSEDED = "superseded", "To an invitation that was changed since"
        REPEATED = "repeated", "Known already"
        UNREADABLE = "unreadable", "Could not be read"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    meeting = models.ForeignKey(KickOff, null=True, blank=True, on_delete=models.CASCADE, related_name="replies")
    via = models.CharField(max_length=4, choices=[("mail", "By mail"), ("link", "By link")])
    raw = models.BinaryField(help_text="The iCalendar object, or what the link sent")
    sender = models.CharField(max_length=254, blank=True)
    partstat = models.CharField(max_length=20, blank=True, help_text="iCalendar PARTSTAT")
    comment = models.CharField(max_length=500, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=300, blank=True)
    arrived_at = models.DateTimeField()

    objects: ClassVar[models.Manager[InvitationReply]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.sender}: {self.partstat or self.get_verdict_display()}"
