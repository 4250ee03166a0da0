"""Files that go out with a message: checked before it is queued, the same bytes at every attempt."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from django_scopes import scope

from roamdesk.correspondence.addresses import MailRefused
from roamdesk.correspondence.models import Message, OutgoingFile

MOST_FILES = 10
LARGEST_TOGETHER = 10 * 2**20  # bytes: with base64 still below what mail servers usually take
LONGEST_NAME = 120

_UNFIT = re.compile(r'[\x00-\x1f\x7f\u0085\u2028\u2029"\\/:*?<>|]+')
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: bytes


def checked(files: Sequence[File]) -> list[File]:
    """The files with names that every system takes. Raises MailRefused where they are too many, too large or empty."""
    if len(files) > MOST_FILES:
        raise MailRefused(f"{len(files)} files are too many. Attach at most {MOST_FILES}.")
    total = sum(len(file.content) for file in files)
    if total > LARGEST_TOGETHER:
        raise MailRefused(
            f"The files have {total / 2**20:.1f} MB together. Attach at most {LARGEST_TOGETHER // 2**20} MB."
        )
    return [_checked(file) for file in files]


def _checked(file: File) -> File:
    if not file.content:
        raise MailRefused(f"The file {file.name[:80]!r} is empty. Leave it out.")
    kind = file.content_type.lower()
    name = _UNFIT.sub("_", file.name).strip(" ._")[-LONGEST_NAME:] or "file"
    return File(name, kind if _TYPE.fullmatch(kind) else "application/octet-stream", file.content)


def keep(message: Message, files: Sequence[File]) -> None:
    """In the transaction that queues the message."""
    OutgoingFile.objects.bulk_create(
        OutgoingFile(
            desk=message.desk, message=message, name=file.name, content_type=file.content_type,
            content=file.content, size=len(file.content),
        )
        for file in files
    )  # fmt: skip


def enclose(mail: EmailMessage, message: Message) -> None:
    """The files of an outbox row, in the order in which they were chosen."""
    with scope(desk=message.desk):
        files = list(OutgoingFile.objects.filter(message=message.pk).order_by("pk"))
    for file in files:
        maintype, _, subtype = file.content_type.partition("/")
        # A mail or a multipart is no single part: it travels as bytes.
        if maintype in ("message", "multipart"):
            maintype, subtype = "application", "octet-stream"
        mail.add_attachment(bytes(file.content), maintype=maintype, subtype=subtype, filename=file.name)


def set_boundaries(mail: EmailMessage, message_id: str) -> None:
    """Drawn from the Message-ID, so that each attempt has the same bytes."""
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary("=_" + hashlib.sha256(f"{number}{message_id}".encode()).hexdigest()[:32])
