"""How a desk is connected with the hub, and what went to and fro."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk


class HubConnection(models.Model):
    """A desk's registration at a hub. Certificate, key and root are files; the key is never in the database."""

    desk = models.OneToOneField(Desk, on_delete=models.CASCADE, related_name="hub_connection")
    base_url = models.URLField(max_length=200, help_text="Of the hub, without /api/oicp")
    certificate = models.CharField(max_length=400, help_text="PEM file with chain: ours")
    key = models.CharField(max_length=400, help_text="PEM file")
    root = models.CharField(max_length=400, help_text="PEM file of the hub's root, with intermediates")
    operator_id = models.CharField(max_length=12, blank=True, help_text="Registered as CPO; empty: not")
    provider_id = models.CharField(max_length=12, blank=True, help_text="Registered as EMP; empty: not")
    with_subs = models.BooleanField(default=False, help_text="Sub-operators or sub-providers are registered under us")
    callers = ArrayField(
        models.CharField(max_length=200), default=list, help_text="Common names of the certificates the hub calls with"
    )
    records_pulled_until = models.DateTimeField(null=True, blank=True, help_text="Where the next pull of CDRs begins")
    last_contact_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=500, blank=True)

    objects: ClassVar[models.Manager[HubConnection]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return self.base_url


class Exchange(models.Model):
    """One call of the hub, or to it: as it came, without PINs, and what became of it."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    inbound = models.BooleanField(help_text="The hub called us")
    operation = models.CharField(max_length=40)
    path = models.CharField(max_length=300)
    session_id = models.CharField(max_length=64, blank=True)
    caller = models.CharField(max_length=200, blank=True, help_text="Common name of the caller's certificate")
    request = models.TextField(blank=True)
    response = models.TextField(blank=True, help_text="Empty for pages of a pull")
    at = models.DateTimeField()
    seconds = models.FloatField(null=True, blank=True, help_text="Until the answer; empty: not answered")
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=3, blank=True, help_text="OICP status code of the answer")
    verdict = models.CharField(max_length=12, blank=True)
    says = models.CharField(max_length=500, blank=True)
    process_id = models.CharField(max_length=64, blank=True, help_text="Names the call at the hub")
    findings = ArrayField(models.CharField(max_length=300), default=list)
    unfolded = models.BooleanField(default=False, help_text="Answered; the session does not say it yet")

    objects: ClassVar[models.Manager[Exchange]] = ScopedManager(desk="desk")

    class Meta:
        indexes = [
            models.Index(fields=["desk", "-at"]),
            models.Index(fields=["desk", "session_id"], condition=~models.Q(session_id=""), name="exchange_of_session"),
            models.Index(fields=["id"], condition=models.Q(unfolded=True), name="exchange_unfolded"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.verdict}"


class Turn(models.Model):
    """When the next call of a kind may go to the hub: one row for all processes of all machines."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    operation = models.CharField(max_length=40)
    free_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Turn]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "operation"], name="turn_once")]

    def __str__(self) -> str:
        return self.operation
