"""Partners and the contact forms that they filled in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, OperatorId, ProviderId, label_key


class Partner(models.Model):
    """Another company that we roam with, as this desk knows it."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="partners")
    name = models.CharField(max_length=80)
    plays_msp = models.BooleanField(default=False)
    plays_cpo = models.BooleanField(default=False)
    operator_ids = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    provider_ids = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    evse_prefixes = ArrayField(
        models.CharField(max_length=24),
        default=list,
        blank=True,
        help_text="EVSEs under another company's operator id that this partner runs, for instance DE*NDL*E08",
    )
    # What a label or a contract is looked up by; ``save`` derives them.
    operator_keys = ArrayField(models.CharField(max_length=24), default=list, editable=False)
    provider_keys = ArrayField(models.CharField(max_length=12), default=list, editable=False)
    zone = models.CharField(max_length=64, default="Europe/Berlin")
    country = models.CharField(max_length=2, default="DE")
    region = models.CharField(max_length=8, blank=True)
    procedures_agreed = models.BooleanField(default=False)
    form_published_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Partner]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "name"], name="partner_once_per_desk")]
        indexes = [
            GinIndex(fields=["operator_keys"], name="partner_by_operator"),
            GinIndex(fields=["provider_keys"], name="partner_by_provider"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.derive_keys()
        super().save(*args, **kwargs)

    def derive_keys(self) -> None:
        """Bring the look-up keys in line with the ids; ``bulk_create`` does not call it."""
        self.operator_keys = sorted({operator_key(text) for text in [*self.operator_ids, *self.evse_prefixes]})
        self.provider_keys = sorted({provider_key(text) for text in self.provider_ids})

    @property
    def roles(self) -> list[str]:
        """``cpo`` before ``msp``, as the readiness of a procedure lists them."""
        return [role for role, plays in (("cpo", self.plays_cpo), ("msp", self.plays_msp)) if plays]


def operator_key(text: str) -> str:
    """What an operator id or the beginning of an EVSE id is looked up by, in any spelling."""
    try:
        return label_key(OperatorId.parse(text).key)
    except IdentifierError:
        return label_key(text)


def provider_key(text: str) -> str:
    """What a provider id is looked up by, in any spelling."""
    try:
        return ProviderId.parse(text).key
    except IdentifierError:
        return label_key(text)


# Of a line by mail: its address, and what stands behind the last @ of it.
ADDRESS = Lower("value")
DOMAIN = Lower(models.Func("value", models.Value("[^@]*$"), function="substring"))


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

    class Way(models.TextChoices):
        """How a line was verified last."""

        STATED = "stated", "Stated by the partner"
        TEST_CALL = "test_call", "Test call"
        TEST_MAIL = "test_mail", "Test mail"
        IN_A_CASE = "in_a_case", "Answered in a case"
        BY_HAND = "by_hand", "Confirmed by us"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="lines")
    role = models.CharField(max_length=3, choices=[("msp", "MSP"), ("cpo", "CPO")])
    purpose = models.CharField(max_length=20, choices=Purpose)
    channel = models.CharField(max_length=5, choices=Channel)
    value = models.CharField(max_length=254, help_text="E.164 number or e-mail address")
    person_name = models.CharField(max_length=80, blank=True)
    operational_skills = models.BooleanField(default=False)
    hours = models.CharField(max_length=200, default="24/7", help_text="For instance: Mon-Fri 08:00-18:00")
    zone = models.CharField(max_length=64, blank=True, help_text="IANA zone of the hours; empty: the partner's")
    languages = ArrayField(models.CharField(max_length=2), default=list)
    countries = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="Countries served; empty: every one"
    )
    priority = models.PositiveSmallIntegerField(default=1)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_how = models.CharField(max_length=14, choices=Way, blank=True)
    last_answered_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Failed in a row since it last worked")
    last_failed_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=200, blank=True, help_text="What went wrong, in words")

    objects: ClassVar[models.Manager[ContactLine]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["priority", "pk"]
        indexes = [
            models.Index(fields=["partner", "role", "purpose", "channel"]),
            models.Index("desk", ADDRESS, name="line_by_address", condition=models.Q(channel="mail")),
            models.Index("desk", DOMAIN, name="line_by_mail_domain", condition=models.Q(channel="mail")),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.value}"
