"""What the back office works with: conversations, drafts, text modules, and files that go out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner


class Conversation(models.Model):
    """The mails with one correspondent about one thing; whoever else writes about it has another conversation."""

    class Todo(models.TextChoices):
        """What is to be done next. A conversation that is put off keeps it for the time it wakes."""

        NEW = "new", "New"
        OURS = "ours", "Ours to answer"
        THEIRS = "theirs", "Waiting for the partner"
        UNPLACED = "unplaced", "Unplaced"
        ASIDE = "aside", "Set aside"
        NOTHING = "nothing", "Nothing to do"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    about = models.CharField(max_length=60, help_text="For instance case:17; mail:4 for a mail that belongs nowhere")
    who = models.CharField(max_length=330, help_text="partner:3, else the address in lower case")
    partner = models.ForeignKey(Partner, null=True, blank=True, on_delete=models.SET_NULL)
    subject = models.CharField(max_length=998, blank=True, help_text="Of the newest mail")
    todo = models.CharField(max_length=8, choices=Todo, default=Todo.NOTHING)
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="Put off until then")
    aside_by = models.CharField(max_length=80, blank=True, help_text="Who set it aside; empty: a machine wrote it")
    newest_in = models.ForeignKey(
        "correspondence.IncomingMail", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The newest mail of a person",
    )  # fmt: skip
    mails = models.PositiveIntegerField(default=0, help_text="In and out")
    since = models.DateTimeField(help_text="Since when this is to be done")

    objects: ClassVar[models.Manager[Conversation]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "about", "who"], name="conversation_once"),
        ]
        indexes = [
            models.Index(
                fields=["desk", "todo", "since", "id"],
                name="conversation_to_do",
                condition=~models.Q(todo="nothing"),
                include=["snoozed_until"],
            ),
            models.Index(
                fields=["desk", "snoozed_until", "id"],
                name="conversation_put_off",
                condition=models.Q(snoozed_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.who


class Draft(models.Model):
    """An answer that somebody writes. It is kept until it is sent; of two people each has their own."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="drafts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    text = models.TextField(blank=True)
    changed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Draft]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "person"], name="draft_once")]

    def __str__(self) -> str:
        return self.text[:60]


class TextModule(models.Model):
    """A text of the desk's own; with the key of a shipped one it stands in its place, and hidden it takes it away."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    key = models.SlugField(max_length=40, db_index=False)
    language = models.CharField(max_length=2)
    title = models.CharField(max_length=80)
    text = models.TextField(blank=True)
    hidden = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[TextModule]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "key", "language"], name="text_module_once")]

    def __str__(self) -> str:
        return self.title


class OutgoingFile(models.Model):
    """A file that goes out with a message."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False)
    message = models.ForeignKey("correspondence.Message", on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    content = models.BinaryField()
    size = models.PositiveIntegerField(help_text="Bytes")

    objects: ClassVar[models.Manager[OutgoingFile]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return self.name
