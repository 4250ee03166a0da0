"""The hub's directory as it was pulled: a record is read only once its pull was swapped in, by ``Evse.record``."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager


class Pull(models.Model):
    """One load of the directory, page by page; what it changes, it changes at once, when all pages are there."""

    class State(models.TextChoices):
        LOADING = "loading", "Loading"
        WAITING = "waiting", "Waits for a decision"
        SWAPPED = "swapped", "In the directory"
        DROPPED = "dropped", "Dropped"

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE, related_name="pulls")
    whole = models.BooleanField(help_text="Everything that the hub has; otherwise what changed")
    as_of = models.CharField(max_length=48, blank=True, help_text="What the next load of changes asks from")
    source = models.CharField(max_length=80, blank=True, help_text="Which file it comes from; empty for the hub")
    state = models.CharField(max_length=8, choices=State, default=State.LOADING)
    started_at = models.DateTimeField()
    heard_at = models.DateTimeField(help_text="When the newest page came")
    finished_at = models.DateTimeField(null=True, blank=True)
    next_page = models.PositiveIntegerField(default=0)
    complete = models.BooleanField(default=False, help_text="The last page is there")
    question = models.CharField(max_length=300, blank=True, help_text="What has to be decided")
    decided_by = models.CharField(max_length=80, blank=True)
    records = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    doubled = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Pull]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["desk"], name="one_pull_at_a_time", condition=models.Q(state__in=["loading", "waiting"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%d/%m/%Y %H:%M} UTC"


class EvseRecord(models.Model):
    """What the hub says of one EVSE: in words, and as it came. Written by COPY."""

    # Checked row by row these two would cost as much as the rest of the load; each comes from the pull's own row.
    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE, db_index=False, db_constraint=False)
    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    page = models.PositiveIntegerField()
    digest = models.BinaryField(help_text="Of the raw text")
    gone = models.BooleanField()
    id_key = models.CharField(max_length=48)
    evse_id = models.CharField(max_length=48)
    partner_id = models.BigIntegerField(null=True)
    plug = models.CharField(max_length=20)
    address = models.CharField(max_length=200)
    address_key = models.CharField(max_length=400)
    also_known = models.CharField(max_length=300)
    place_hint = models.CharField(max_length=60)
    country = models.CharField(max_length=2)
    hotline = models.CharField(max_length=20)
    operator_id = models.CharField(max_length=48)
    operator_name = models.CharField(max_length=100)
    sub_operator = models.CharField(max_length=100)
    station_id = models.CharField(max_length=50)
    station_sounds_key = models.CharField(max_length=48)
    names = models.CharField(max_length=300)
    place = models.CharField(max_length=300)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    plug_words = models.CharField(max_length=200)
    power = models.CharField(max_length=100)
    hours = models.CharField(max_length=300)
    accessibility = models.CharField(max_length=60)
    authentication = models.CharField(max_length=200)
    payment = models.CharField(max_length=60)
    remote = models.BooleanField(null=True)
    live_status = models.BooleanField(null=True)
    updated = models.CharField(max_length=48)
    raw = models.TextField()

    objects: ClassVar[models.Manager[EvseRecord]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pull", "id_key"], name="evse_once_in_a_pull")]

    def __str__(self) -> str:
        return self.evse_id


class RefusedRecord(models.Model):
    """A record of a pull that was not taken: the reason, and the text as it came."""

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE)
    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="refusals")
    page = models.PositiveIntegerField()
    evse_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300)
    raw = models.TextField()

    objects: ClassVar[models.Manager[RefusedRecord]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return self.reason


class HotlineChange(models.Model):
    """Roaming data named another hotline for an EVSE than before."""

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE)
    evse = models.ForeignKey("charging.Evse", on_delete=models.CASCADE, related_name="hotlines")
    before = models.CharField(max_length=20, blank=True)
    after = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[HotlineChange]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return self.after


class StatusFetch(models.Model):
    """When the status of an operator's EVSEs, or of all of them, was fetched last: the age of what did not change."""

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE)
    operator_key = models.CharField(max_length=24, blank=True, help_text="Empty: of all of them")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[StatusFetch]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "operator_key"], name="status_fetch_once")]

    def __str__(self) -> str:
        return self.operator_key or "all"
