"""How far a contact line is trusted: every try of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk
from roamdesk.partners.models.partner import ContactLine, Partner


class Check(models.Model):
    """One try of a line: a test call, a test mail, or what happened in a case."""

    class Way(models.TextChoices):
        TEST_CALL = "test_call", "Test call"
        TEST_MAIL = "test_mail", "Test mail"
        IN_A_CASE = "in_a_case", "In a case"

    class Result(models.TextChoices):
        WAITING = "waiting", "Waiting for an answer"
        WORKED = "worked", "It works"
        NO_ANSWER = "no_answer", "Nobody answered"
        WRONG_PARTY = "wrong_party", "Not the partner"
        NO_LANGUAGE = "no_language", "Not in a promised language"
        BOUNCED = "bounced", "The mail came back"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="checks")
    line = models.ForeignKey(ContactLine, null=True, blank=True, on_delete=models.SET_NULL, related_name="checks")
    value = models.CharField(max_length=254, help_text="Number or address as it was tried")
    way = models.CharField(max_length=9, choices=Way)
    result = models.CharField(max_length=11, choices=Result)
    about = models.CharField(max_length=60, blank=True, help_text="For instance case:17")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=120)
    note = models.CharField(max_length=300, blank=True)

    objects: ClassVar[models.Manager[Check]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["begun_at"], name="check_waiting", condition=models.Q(result="waiting"))]
        constraints = [
            models.CheckConstraint(
                name="check_ended_has_time", condition=models.Q(result="waiting") | models.Q(ended_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()} of {self.value}: {self.get_result_display()}"
