"""Mail that leaves, mail that comes, and calls that were made."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_scopes import ScopedManager

from roamdesk.correspondence import keeping
from roamdesk.correspondence.inbox_models import Conversation, Draft, OutgoingFile, TextModule
from roamdesk.correspondence.mailbox_model import Mailbox
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner

__all__ = [
    "Arrival", "Call", "Conversation", "Draft", "Fate", "IncomingMail", "Mailbox", "Message", "OutgoingFile",
    "TextModule", "Verdict",
]  # fmt: skip


ERASED = "(erased: it was kept as long as this desk keeps personal values)"


class Fate(models.TextChoices):
    """What became of one address of a message."""

    PENDING = "pending", "Not yet handed over"
    HANDED = "handed", "Handed over, answer awaited"
    ACCEPTED = "accepted", "Accepted by the relay"
    REFUSED = "refused", "Refused by the relay"
    UNKNOWN = "unknown", "Handed over, no answer: unknown"
    BOUNCED = "bounced", "Came back: their mail server could not pass it on"


class Message(models.Model):
    """An outbox row: written with the case's transaction, sent afterwards, never twice."""

    class State(models.TextChoices):
        """Where the whole message stands; ``Fate`` says it of each address."""

        QUEUED = "queued", "Queued"
        SENDING = "sending", "Being handed to the relay"
        ACCEPTED = "accepted", "Accepted by the relay"
        UNKNOWN = "unknown", "Handed over, no answer: unknown"
        REFUSED = "refused", "Refused by the relay"
        BOUNCED = "bounced", "Bounced"
        ANSWERED = "answered", "Answered"
        WITHDRAWN = "withdrawn", "Taken back before it left"

    class Origin(models.TextChoices):
        """Who had it leave; a mail of a machine says so in its header, ``auto-`` before the value (RFC 3834)."""

        PERSON = "person", "A person"
        GENERATED = "generated", "A machine, by itself"
        REPLIED = "replied", "A machine, in reply to a mail"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.SET_NULL)
    about = models.CharField(max_length=60, blank=True, db_index=True, help_text="For instance case:17")
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    by = models.CharField(max_length=80, blank=True, help_text="Who wrote it, where a person did")
    key = models.CharField(max_length=80, help_text="Idempotency key, once per desk")
    message_id = models.CharField(max_length=200, unique=True)
    mail_from = models.EmailField()
    to = ArrayField(models.EmailField())
    fates = models.JSONField(default=dict, help_text="Fate of each address")
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, help_text="An iCalendar object, sent as an invitation")
    headers = models.JSONField(default=dict)
    tells = models.JSONField(default=dict, help_text="What the recipients know once the relay accepted it")
    origin = models.CharField(max_length=9, choices=Origin, default=Origin.GENERATED)
    by_itself = models.BooleanField(default=False, help_text="Nobody pressed anything: it counts in the budgets")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_reply = models.CharField(max_length=500, blank=True, help_text="The relay's last words")
    queued_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True, help_text="When it last came back or was answered")
    attempt_token = models.CharField(max_length=32, blank=True, help_text="Who sends: fences off older attempts")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="From then on the sender counts as gone")
    announced = models.BooleanField(default=True, help_text="The listeners have heard of the state")
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Since when its words are gone")

    objects: ClassVar[models.Manager[Message]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "key"], name="message_key_once_per_desk"),
            models.CheckConstraint(name="message_has_recipients", condition=models.Q(to__len__gt=0)),
            models.CheckConstraint(
                name="message_sending_has_lease",
                condition=~models.Q(state="sending") | models.Q(leased_until__isnull=False),
            ),
            models.CheckConstraint(
                name="message_queued_has_next_attempt",
                condition=~models.Q(state="queued") | models.Q(next_attempt_at__isnull=False),
            ),
            models.CheckConstraint(
                name="message_accepted_has_time",
                condition=~models.Q(state="accepted") | models.Q(accepted_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="message_in_the_outbox",
                condition=models.Q(state__in=["queued", "sending"]) | models.Q(announced=False),
            ),
            models.Index(fields=["desk", "queued_at"], name="message_by_itself", condition=models.Q(by_itself=True)),
            models.Index(
                fields=["desk", "state", "queued_at"],
                name="message_not_accepted",
                condition=models.Q(state__in=["queued", "sending", "unknown", "refused", "bounced"]),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def envelope_sender(self) -> str:
        """Empty for a reply of a machine: nothing may come back to it (RFC 3834, 3.3)."""
        return "" if self.origin == self.Origin.REPLIED else self.mail_from

    def addresses(self, *fates: Fate) -> list[str]:
        """The addresses with one of these fates, in the order of the envelope."""
        return [address for address in self.to if self.fates.get(address) in fates]


class MailRules(models.Model):
    """What a desk's machine may send by itself, and how much. A desk without a row has the defaults.

    ``replies_per_hour`` holds for each partner, the others for 24 hours.
    """

    desk = models.OneToOneField(Desk, on_delete=models.CASCADE, primary_key=True, related_name="mail_rules")
    acknowledges = models.BooleanField(default=False)
    replies_per_hour = models.PositiveIntegerField(default=6, help_text="Acknowledgements to one partner")
    per_case = models.PositiveIntegerField(default=8)
    per_address = models.PositiveIntegerField(default=200)
    per_desk = models.PositiveIntegerField(default=2000)

    objects: ClassVar[models.Manager[MailRules]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return f"Mail by itself at {self.desk}"


class Verdict(models.TextChoices):
    """What the checks made of a mail; ``IncomingMail.reason`` says why in words."""

    NONE = "", "Not read yet"
    OURS = "ours", "Our own mail, come back"
    COPY = "copy", "Another copy of a mail that we have"
    BOUNCE = "bounce", "A mail of ours came back"
    AUTOMATIC = "automatic", "Sent by a machine, belongs to nothing"
    TOO_LARGE = "too_large", "Too large to read"
    CALENDAR = "calendar", "An answer to an invitation"
    THREAD = "thread", "Belongs to a mail or case of ours"
    UNPLACED = "unplaced", "Belongs to nothing that we know"
    OPENED = "opened", "A case was opened for it"
    PLACED = "placed", "Placed by a person"


class _WithoutRaw(models.Manager["IncomingMail"]):
    """A list of mails must not fetch megabytes: the bytes come when ``raw`` is asked for."""

    def get_queryset(self) -> models.QuerySet[IncomingMail]:
        return super().get_queryset().defer("inside")


class IncomingMail(models.Model):
    """A mail as it came: the bytes first, everything else is what was read from them."""

    class State(models.TextChoices):
        STORED = "stored", "Stored, not read yet"
        READ = "read", "Read"
        QUARANTINED = "quarantined", "Could not be read"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    inside = models.BinaryField(db_column="raw", help_text="The bytes; empty where they are outside")
    outside = models.BooleanField(default=False, help_text="The bytes are in the folder of large mails")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes")
    envelope_from = models.CharField(max_length=320, blank=True, help_text="Empty: the null sender of reports")
    recipients = ArrayField(models.CharField(max_length=320), help_text="Of the envelope, each once")
    arrived_at = models.DateTimeField(help_text="The first time")
    state = models.CharField(max_length=11, choices=State, default=State.STORED)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Of reading it")
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="Empty: read, or a person decides")
    read_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.NONE, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    automatic = models.CharField(max_length=200, blank=True, help_text="Why it counts as a machine's mail")
    message_id = models.CharField(max_length=998, blank=True, db_index=True, help_text="As read; may be missing")
    sender = models.CharField(max_length=320, blank=True, help_text="From, as read")
    subject = models.CharField(max_length=998, blank=True)
    fingerprint = models.CharField(max_length=64, null=True, blank=True, help_text="One per mail, whatever its way")
    copy_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    answers = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="answered_by")
    about = models.CharField(max_length=60, blank=True, db_index=True, help_text="For instance case:17")
    conversation = models.ForeignKey(Conversation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Since when its bytes are gone")

    objects: ClassVar[models.Manager[IncomingMail]] = ScopedManager(desk="desk", _manager_class=_WithoutRaw)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "sha256"], name="incoming_mail_once_per_desk"),
            models.UniqueConstraint(fields=["desk", "fingerprint"], name="incoming_mail_read_once_per_desk"),
            models.CheckConstraint(
                name="incoming_mail_erased_is_empty",
                condition=models.Q(erased_at__isnull=True) | models.Q(inside=b"", outside=False),
            ),
            models.CheckConstraint(
                name="incoming_mail_stored_has_next_attempt",
                condition=~models.Q(state="stored") | models.Q(next_attempt_at__isnull=False),
            ),
            models.CheckConstraint(
                name="incoming_mail_read_has_verdict_and_time",
                condition=~models.Q(state="read") | (models.Q(read_at__isnull=False) & ~models.Q(verdict="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="incoming_mail_to_read",
                condition=models.Q(next_attempt_at__isnull=False),
            ),
            models.Index(
                fields=["desk", "state", "arrived_at"],
                name="incoming_mail_not_read",
                condition=~models.Q(state="read"),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"Mail of {self.sender or self.envelope_from or 'nobody'}"

    @property
    def raw(self) -> bytes:
        """As it came, wherever it is kept; once erased, a mail that says so. Raises keeping.Lost."""
        if self.erased_at:
            return f"Subject: {ERASED}\r\n\r\n{ERASED}\r\n".encode()
        return keeping.fetch(self.sha256) if self.outside else bytes(self.inside)


class Arrival(models.Model):
    """Each time a mail came: a sender that heard no answer sends again, a mailbox is counted anew."""

    class Via(models.TextChoices):
        SMTP = "smtp", "SMTP"
        LMTP = "lmtp", "LMTP"
        IMAP = "imap", "IMAP"
        HAND = "hand", "Handed in by a person"

    mail = models.ForeignKey(IncomingMail, on_delete=models.CASCADE, related_name="arrivals")
    at = models.DateTimeField()
    via = models.CharField(max_length=4, choices=Via)
    recipients = ArrayField(models.CharField(max_length=320))
    mailbox = models.CharField(max_length=80, blank=True, help_text="Key of the IMAP mailbox")
    uidvalidity = models.BigIntegerField(null=True, blank=True)
    uid = models.BigIntegerField(null=True, blank=True)

    objects: ClassVar[models.Manager[Arrival]] = ScopedManager(desk="mail__desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "uidvalidity", "uid"], name="arrival_once_per_uid"),
            models.CheckConstraint(
                name="arrival_has_uid_in_a_mailbox",
                condition=models.Q(mailbox="", uidvalidity__isnull=True, uid__isnull=True)
                | (~models.Q(mailbox="") & models.Q(uidvalidity__isnull=False, uid__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["via", "-at"], name="arrival_newest_by_way")]

    def __str__(self) -> str:
        return f"{self.get_via_display()} {self.at:%Y-%m-%d %H:%M}"


class Call(models.Model):
    """A phone call, logged: number, answered or not, by whom, how long."""

    class Result(models.TextChoices):
        ANSWERED = "answered", "Answered"
        NO_ANSWER = "no_answer", "Nobody answered"
        MACHINE = "machine", "A machine or a queue"
        REFUSED = "refused", "They refused"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.SET_NULL)
    about = models.CharField(max_length=60, blank=True, db_index=True)
    direction = models.CharField(max_length=3, choices=[("out", "Outgoing"), ("in", "Incoming")])
    number = models.CharField(max_length=20, blank=True)
    to = models.CharField(max_length=20, help_text="cpo_cc, msp_cc or user")
    result = models.CharField(max_length=10, choices=Result)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    seconds = models.PositiveIntegerField(null=True, blank=True)

    objects: ClassVar[models.Manager[Call]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.result}"
