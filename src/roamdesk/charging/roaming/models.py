"""What roaming partners said of sessions, as it came; the session is folded from it. And what they asked of us."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from roamdesk.charging.roaming.folding import Kind


class Evidence(models.Model):
    """One message about a session, kept once however often it came; what is read of it, and its raw text."""

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE, db_index=False)
    session = models.ForeignKey("charging.Session", on_delete=models.CASCADE, related_name="evidence", db_index=False)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in Kind])
    digest = models.CharField(max_length=32, help_text="Of the content: the same again is the same evidence")
    received_at = models.DateTimeField(help_text="When it came first, or went")
    sent_by_us = models.BooleanField(default=False)
    times = models.JSONField(default=dict, help_text="Each time as it was written")
    evse_id = models.CharField(max_length=64, blank=True, help_text="As received")
    uid_key = models.CharField(max_length=20, blank=True)
    contract_key = models.CharField(max_length=32, blank=True, help_text="Without check character")
    operator_id = models.CharField(max_length=24, blank=True)
    provider_id = models.CharField(max_length=24, blank=True)
    cpo_session_id = models.CharField(max_length=250, blank=True)
    msp_session_id = models.CharField(max_length=250, blank=True)
    energy_kwh = models.DecimalField(max_digits=13, decimal_places=4, null=True, blank=True)
    meter_start_kwh = models.DecimalField(max_digits=13, decimal_places=4, null=True, blank=True)
    meter_end_kwh = models.DecimalField(max_digits=13, decimal_places=4, null=True, blank=True)
    product = models.CharField(max_length=50, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    reference = models.CharField(max_length=64, blank=True, help_text="The hub's name for the call")
    raw = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Since when token and raw text are gone")

    objects: ClassVar[models.Manager[Evidence]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "digest"], name="evidence_once_per_session")]

    def __str__(self) -> str:
        return self.kind


class Cdr(models.Model):
    """A charge detail record. Each time as it was written, and its instant where that can be told."""

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE)
    session = models.ForeignKey("charging.Session", on_delete=models.CASCADE, related_name="cdrs")
    evidence = models.OneToOneField(Evidence, on_delete=models.CASCADE, related_name="cdr")
    session_start_raw = models.CharField(max_length=48, blank=True)
    session_start_at = models.DateTimeField(null=True, blank=True)
    session_end_raw = models.CharField(max_length=48, blank=True)
    session_end_at = models.DateTimeField(null=True, blank=True)
    charging_start_raw = models.CharField(max_length=48, blank=True)
    charging_start_at = models.DateTimeField(null=True, blank=True)
    charging_end_raw = models.CharField(max_length=48, blank=True)
    charging_end_at = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True, help_text="When it first came by itself")
    pulled_at = models.DateTimeField(null=True, blank=True, help_text="When we first fetched it")

    objects: ClassVar[models.Manager[Cdr]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return f"CDR {self.pk}"


class HubOrder(models.Model):
    """What an MSP asked of an EVSE of ours through a hub, and the tag by which the station knows it."""

    desk = models.ForeignKey("desks.Desk", on_delete=models.CASCADE)
    evse = models.ForeignKey("charging.Evse", on_delete=models.CASCADE, related_name="+")
    hub_session_id = models.CharField(max_length=64, help_text="As received")
    hub_key = models.CharField(max_length=64, help_text="hub_session_id in upper case")
    tag = models.CharField(max_length=20, help_text="What the station presents in place of a card")
    token_key = models.CharField(max_length=64, help_text="Whose session it is to be, as in Session")
    contract_id = models.CharField(max_length=64, blank=True, help_text="As received")
    provider_id = models.CharField(max_length=24, blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.hub_session_id


class RemoteStart(HubOrder):
    """A start. Its number (the row's) is what a 2.x station names in the transaction that follows."""

    class Told(models.TextChoices):
        NOTHING = "", "Nothing yet"
        BEGUN = "begun", "That charging began"
        ENDED = "ended", "That charging ended"
        RECORD = "record", "The charge detail record"
        GIVEN_UP = "given_up", "No more: refused, not confirmed, or nothing to account for"

    command = models.OneToOneField("charging.Command", on_delete=models.CASCADE, related_name="remote_start")
    session = models.OneToOneField(
        "charging.Session", null=True, blank=True, on_delete=models.SET_NULL, related_name="remote_start",
        help_text="The station's transaction that followed",
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="Good no more since then: the hub was told no, or had it stopped"
    )
    told = models.CharField(max_length=10, choices=Told, blank=True, help_text="What the hub heard of the session")
    tell_at = models.DateTimeField(null=True, blank=True, help_text="Not before, after a try that failed")

    objects: ClassVar[models.Manager[RemoteStart]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "hub_key"], name="remote_start_once_per_session"),
            models.UniqueConstraint(
                fields=["desk", "tag"], name="tag_of_one_start", condition=models.Q(withdrawn_at__isnull=True)
            ),
        ]
        indexes = [
            models.Index(
                fields=["desk"],
                name="remote_start_to_tell",
                condition=models.Q(session__isnull=False, told__in=["", "begun", "ended"]),
            )
        ]


class Reservation(HubOrder):
    """An EVSE kept for a User. Its number (the row's) is the one that the station knows."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked, waiting for the station"
        HELD = "held", "Reserved"
        REFUSED = "refused", "Not reserved"
        USED = "used", "Used"
        CANCELLED = "cancelled", "Cancelled"
        OVER = "over", "Ended by the station"

    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    command = models.OneToOneField("charging.Command", on_delete=models.CASCADE, related_name="+")
    cancellation = models.OneToOneField(
        "charging.Command", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The newest order to give it up",
    )  # fmt: skip

    objects: ClassVar[models.Manager[Reservation]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "hub_key"], name="reservation_once_per_session")]
        indexes = [
            models.Index(fields=["evse"], name="reservation_open", condition=models.Q(state__in=["asked", "held"]))
        ]
