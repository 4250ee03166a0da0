"""How a contact form came to be what it is: every change, what the partner sent in, and the link it was sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk
from roamdesk.partners.models.partner import Partner


class FormChange(models.Model):
    """One change of a contact form: who, when, from what to what. Never changed, only added."""

    class Kind(models.TextChoices):
        ADDED = "added", "Line added"
        CHANGED = "changed", "Line changed"
        REMOVED = "removed", "Line removed"
        PARTNER = "partner", "Partner changed"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="changes")
    line_id = models.BigIntegerField(null=True, blank=True, help_text="Of the line, also when it is gone")
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    by = models.CharField(max_length=120, help_text="A person, the partner by its link, or a file")
    before = models.JSONField(default=dict, help_text="Values by field; empty when added")
    after = models.JSONField(default=dict, help_text="Values by field; empty when removed")
    takes_back = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="taken_back"
    )

    objects: ClassVar[models.Manager[FormChange]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.by}"


class GuestLink(models.Model):
    """A link with which a partner does one thing without an account; ``links`` signs it."""

    class Purpose(models.TextChoices):
        FORM = "form", "Contact form"
        PROCEDURE = "procedure", "Acknowledge a procedure"
        MEETING = "meeting", "Answer an invitation"
        TEST_MAIL = "test_mail", "Confirm a test mail"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=9, choices=Purpose, default=Purpose.FORM)
    about_id = models.BigIntegerField(
        null=True, blank=True, help_text="Of the acknowledgement, the meeting or the check; none for the form"
    )
    sent_to = models.CharField(max_length=254, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When it was opened last")

    objects: ClassVar[models.Manager[GuestLink]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.partner}, {self.sent_to or self.made_by}"


class FormSubmission(models.Model):
    """A contact form as the partner fills it in: a draft, then sent in, then accepted or returned."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent in"
        ACCEPTED = "accepted", "Accepted"
        RETURNED = "returned", "Returned for mending"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="submissions")
    role = models.CharField(max_length=3, choices=[("msp", "MSP"), ("cpo", "CPO")])
    link = models.ForeignKey(GuestLink, null=True, blank=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    raw = models.JSONField(default=dict, help_text="As typed, before anything was understood")
    version = models.PositiveIntegerField(default=0, help_text="Counts each save: an older page is told so")
    filled_in_by = models.CharField(max_length=80, blank=True)
    saved_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True, help_text="Why it was returned")

    objects: ClassVar[models.Manager[FormSubmission]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "role"],
                name="one_open_submission",
                condition=models.Q(state__in=["draft", "sent", "returned"]),
            ),
            models.CheckConstraint(
                name="submission_sent_has_time", condition=models.Q(state="draft") | models.Q(sent_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} as {self.role.upper()}: {self.get_state_display()}"


class FormFile(models.Model):
    """A file with contact forms as it was uploaded: looked at first, then applied."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    name = models.CharField(max_length=120)
    content = models.BinaryField(help_text="As it came, before anything was understood")
    came_at = models.DateTimeField()
    came_by = models.CharField(max_length=120)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.CharField(max_length=120, blank=True)

    objects: ClassVar[models.Manager[FormFile]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name
