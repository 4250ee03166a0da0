"""Desks, the people who work at them, and their roles."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Role(models.TextChoices):
    OPERATOR = "operator", "Operator"
    BACK_OFFICE = "back_office", "Back office"
    PARTNER_MANAGER = "partner_manager", "Partner manager"
    TEAM_LEAD = "team_lead", "Team lead"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class Person(AbstractUser):
    """Someone who works at a desk. The driver is a User of the MSP, and never a Person."""

    display_name = models.CharField(max_length=80, blank=True)
    zone = models.CharField(max_length=64, default="Europe/Berlin", help_text="IANA zone of the clock on screen")

    class SingleKeys(models.TextChoices):
        ON = "on", "Single keys"
        ALT = "alt", "Behind Alt"
        OFF = "off", "Off"

    single_keys = models.CharField(max_length=3, choices=SingleKeys, default=SingleKeys.ON)

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in str(self).split()[:2]).upper()


class Desk(models.Model):
    """One company's support organisation on this installation."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    plays_msp = models.BooleanField(default=False)
    plays_cpo = models.BooleanField(default=False)
    operator_ids = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    provider_ids = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    reference_prefix = models.CharField(max_length=4, help_text="The first letters of our case references")
    zone = models.CharField(max_length=64, default="Europe/Berlin")
    country = models.CharField(max_length=2, default="DE")
    region = models.CharField(max_length=8, blank=True)
    language = models.CharField(max_length=2, default="en")
    emergency_number = models.CharField(max_length=20, default="112")
    mail_from = models.EmailField()
    call_centre_number = models.CharField(max_length=20, blank=True)
    keep_days = models.PositiveSmallIntegerField(
        default=90, help_text="Personal values are erased so many days after a case closed, a mail or news came"
    )
    people: models.ManyToManyField[Person, Membership] = models.ManyToManyField(
        Person, through="Membership", related_name="desks"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="desk_plays_a_side",
                condition=models.Q(plays_msp=True) | models.Q(plays_cpo=True),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sides(self) -> list[str]:
        """The sides this desk plays, ``msp`` before ``cpo``."""
        return [side for side, plays in (("msp", self.plays_msp), ("cpo", self.plays_cpo)) if plays]


class Membership(models.Model):
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=Role), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "desk"], name="one_membership_per_desk")]

    def __str__(self) -> str:
        return f"{self.person} at {self.desk}"
