"""Partners and the contact forms that they filled in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk


class Partner(models.Model):
    """Another company that we roam with, as this desk knows it."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="partners")
    name = models.CharField(max_length=80)
    plays_msp = models.BooleanField(default=False)
    plays_cpo = models.BooleanField(default=False)
    operator_ids = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    provider_ids = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    zone = models.CharField(max_length=64, default="Europe/Berlin")
    country = models.CharField(max_length=2, default="DE")
    region = models.CharField(max_length=8, blank=True)
    procedures_agreed = models.BooleanField(default=False)
    form_published_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Partner]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "name"], name="partner_once_per_desk")]

    def __str__(self) -> str:
        return self.name


class ContactLine(models.Model):
    """One line of a contact form: a number or an address, for a purpose, in a role."""

    class Purpose(models.TextChoices):
        FIRST_LEVEL = "first_level", "First-level line for partners"
        CALL_CENTRE = "call_centre", "MSP call centre"
        MSP_SUPPORT = "msp_support", "MSP support"
        BACK_OFFICE = "back_office", "Back office"
        REFERENCE_PERSON = "reference_person", "Reference person"
        HOTLINE = "hotline", "Driver hotline, from roaming data"

    class Channel(models.TextChoices):
        PHONE = "phone", "Phone"
        MAIL = "mail", "E-mail"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="lines")
    role = models.CharField(max_length=3, choices=[("msp", "MSP"), ("cpo", "CPO")])
    purpose = models.CharField(max_length=20, choices=Purpose)
    channel = models.CharField(max_length=5, choices=Channel)
    value = models.CharField(max_length=254, help_text="E.164 number or e-mail address")
    person_name = models.CharField(max_length=80, blank=True)
    operational_skills = models.BooleanField(default=False)
    hours = models.CharField(max_length=200, default="24/7", help_text="For instance: Mon-Fri 08:00-18:00")
    languages = ArrayField(models.CharField(max_length=2), default=list)
    priority = models.PositiveSmallIntegerField(default=1)
    verified_at = models.DateTimeField(null=True, blank=True)
    last_answered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[ContactLine]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["priority", "pk"]
        indexes = [models.Index(fields=["partner", "role", "purpose", "channel"])]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.value}"
