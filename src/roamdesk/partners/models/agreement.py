"""Which procedure is carried out with whom: versions that are kept, published to partners, acknowledged by them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk
from roamdesk.partners.models.partner import Partner


class ProcedureVersion(models.Model):
    """A procedure file as it was when it was taken up. Never changed, only added."""

    key = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, unique=True)
    source = models.TextField()
    added_at = models.DateTimeField()
    known_to = models.ManyToManyField(Desk, related_name="+", help_text="Desks that took it up; no other one sees it")

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class DeskProcedure(models.Model):
    """Which version a desk opens its next cases with, where nothing else is agreed with the partner."""

    desk = models.OneToOneField(Desk, on_delete=models.CASCADE, related_name="procedure")
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return str(self.version)


class Publication(models.Model):
    """A version made known to partners."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="publications")
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)
    in_force_from = models.DateTimeField(help_text="With each partner that has acknowledged it by then, or later")

    objects: ClassVar[models.Manager[Publication]] = ScopedManager(desk="desk")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["desk", "version"], name="version_published_once")]

    def __str__(self) -> str:
        return str(self.version)


class Acknowledgement(models.Model):
    """What one partner says to a publication; unanswered until ``acknowledged_at``.

    Of two, the newer row is the newer word: a partner may be sent an older publication later.
    """

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="acknowledgements")
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="acknowledgements")
    replaces = models.ForeignKey(
        ProcedureVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="In force between the two when it was sent",
    )
    made_at = models.DateTimeField(help_text="Since when this partner is to answer")
    made_by = models.CharField(max_length=120, blank=True, help_text="Who published it to this partner")
    sent_to = models.JSONField(default=list, help_text="Addresses that it is mailed to; empty: the partner has none")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Of the newest mail; none while it waits for it")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=80, blank=True, help_text="Who signed for the partner")
    by_hand = models.CharField(max_length=120, blank=True, help_text="Who of us noted it, when not by the link")

    objects: ClassVar[models.Manager[Acknowledgement]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["publication", "partner"], name="acknowledged_once")]
        indexes = [
            models.Index(fields=["publication"], name="not_written_to", condition=models.Q(sent_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.publication}"

    @property
    def is_waiting(self) -> bool:
        """It has an address, and its mail is not queued yet."""
        return bool(self.sent_to) and self.sent_at is None and self.acknowledged_at is None

    @property
    def in_force_at(self) -> datetime | None:
        """When it came or comes into force between the two (UTC); None while it is not acknowledged."""
        return max(self.acknowledged_at, self.publication.in_force_from) if self.acknowledged_at else None
