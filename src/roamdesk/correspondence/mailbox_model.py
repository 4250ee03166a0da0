"""A mailbox that is fetched by IMAP, and how far."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk


class Mailbox(models.Model):
    """A folder on an IMAP server whose mails are the desk's. Host, user and folder never change: they are its place."""

    class Security(models.TextChoices):
        TLS = "tls", "TLS from the first byte"
        STARTTLS = "starttls", "STARTTLS"
        NONE = "none", "None: this machine only"

    class Login(models.TextChoices):
        PASSWORD = "password", "Password"
        OAUTH = "oauth", "OAuth 2.0 (XOAUTH2)"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    folder = models.CharField(max_length=200, default="INBOX")
    user = models.CharField(max_length=254)
    login = models.CharField(max_length=8, choices=Login, default=Login.PASSWORD)
    secrets = models.TextField(help_text="Sealed: see correspondence/imap/secrets.py")
    token_url = models.URLField(blank=True, help_text="Where OAuth access tokens are fetched; empty: one is given")
    client_id = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=300, blank=True)
    since = models.DateField(null=True, blank=True, help_text="Mail that came before this day is left alone")
    move_to = models.CharField(max_length=200, blank=True, help_text="Stored mail goes to this folder; empty: it stays")
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField(help_text="Whoever fetches begins anew after it")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Somebody wants it fetched now")
    uidvalidity = models.BigIntegerField(null=True, blank=True)
    highest_uid = models.BigIntegerField(default=0, help_text="Up to here everything was seen once")
    in_folder = models.PositiveIntegerField(default=0, help_text="Mails in the folder at the last fetch")
    last_fetch_at = models.DateTimeField(null=True, blank=True, help_text="The last one that went well")
    last_sweep_at = models.DateTimeField(null=True, blank=True, help_text="The folder was compared with what we have")
    failures = models.PositiveIntegerField(default=0, help_text="In a row")
    failing_since = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True, help_text="Empty once it went well again")
    missing = models.PositiveIntegerField(default=0, help_text="Listed by the server, and not ours at the last sweep")
    gaps = models.PositiveIntegerField(default=0, help_text="Mails that a sweep found missing, all told")
    gap_at = models.DateTimeField(null=True, blank=True, help_text="Until a person has seen it")

    objects: ClassVar[models.Manager[Mailbox]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "name"], name="mailbox_name_once_per_desk"),
            models.UniqueConstraint(fields=["desk", "host", "user", "folder"], name="mailbox_place_once_per_desk"),
            models.CheckConstraint(
                name="mailbox_failing_has_words",
                condition=models.Q(failures=0, last_error="", failing_since__isnull=True)
                | (models.Q(failures__gt=0, failing_since__isnull=False) & ~models.Q(last_error="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """Names it at arrivals; they outlive it."""
        return f"mailbox:{self.pk}"
