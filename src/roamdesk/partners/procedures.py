"""Which procedure is carried out: versions kept for good, and the one in force at a desk and with a partner."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db.models import Q, QuerySet

from roamdesk.desks.models import Desk
from roamdesk.partners.models import Acknowledgement, DeskProcedure, Partner, ProcedureVersion
from roamdesk.procedure import Procedure, load
from roamdesk.procedure.loader import SHIPPED


@lru_cache(maxsize=64)
def procedure_at(version_id: int) -> Procedure:
    """The procedure of a kept version."""
    version = ProcedureVersion.objects.get(pk=version_id)
    return _read(version.source)


@lru_cache(maxsize=64)
def _read(source: str) -> Procedure:
    """The same file is read once, however many databases keep it. Raises ProcedureError."""
    return load(source)


def version_in_force(desk: Desk, at: datetime) -> ProcedureVersion:
    """What the desk opens its next case with; the shipped procedure when nothing was chosen."""
    chosen = DeskProcedure.objects.select_related("version").filter(desk=desk).first()
    return chosen.version if chosen else shipped_version(at)


def version_between(desk: Desk, partner: Partner, at: datetime) -> ProcedureVersion:
    """What is in force between the two at ``at`` (UTC): the newest that the partner was sent and has acknowledged.

    A partner that is silent keeps what was in force when it was sent the first one; with one that was sent none, the
    desk's own counts. ``cases.writing.NEW_CASE`` says the same in SQL.
    """
    sent = Acknowledgement.objects.filter(partner=partner).select_related("publication__version", "replaces")
    sent = sent.defer("publication__version__source", "replaces__source")
    return _between([*sent.order_by("pk")], at) or version_in_force(desk, at)


def newest_in_force(sent: Sequence[Acknowledgement], at: datetime) -> Acknowledgement | None:
    """The row by which a version is in force; ``sent`` is what one partner was sent, in that order."""
    return next((one for one in reversed(sent) if one.in_force_at and one.in_force_at <= at), None)


def _between(sent: Sequence[Acknowledgement], at: datetime) -> ProcedureVersion | None:
    newest = newest_in_force(sent, at)
    if newest is not None:
        return newest.publication.version
    return sent[0].replaces if sent else None


def versions_known(desk: Desk, at: datetime) -> QuerySet[ProcedureVersion]:
    """What the desk can publish, the newest first: what it took up, and the shipped one."""
    chosen = DeskProcedure.objects.filter(desk=desk).values("version")
    known = Q(known_to=desk) | Q(pk__in=chosen) | Q(pk=shipped_version(at).pk)
    return ProcedureVersion.objects.filter(known).distinct().order_by("-pk")


def shipped_version(at: datetime) -> ProcedureVersion:
    """The procedure that comes with the product, kept as of now."""
    return add_version(_shipped()[0], at)


def shipped_digest() -> str:
    """The SHA-256 that the shipped procedure is kept under."""
    return _shipped()[1]


@lru_cache(maxsize=1)
def _shipped() -> tuple[str, str]:
    text = (SHIPPED / "hubject.yaml").read_text("utf-8")
    return text, _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def add_version(source: Path | str, at: datetime) -> ProcedureVersion:
    """Keep a procedure file for good; the same file twice is one version.

    Raises ProcedureError where the file has faults.
    """
    text = source.read_text("utf-8") if isinstance(source, Path) else source
    digest = _digest(text)
    known = ProcedureVersion.objects.filter(sha256=digest).first()
    if known:
        return known
    procedure = _read(text)
    return ProcedureVersion.objects.get_or_create(
        sha256=digest,
        defaults={
            "key": procedure.id,
            "version": procedure.version,
            "title": procedure.title,
            "source": text,
            "added_at": at,
        },
    )[0]


def take_up(desk: Desk, version: ProcedureVersion) -> None:
    """The desk may publish and use it from now on; nothing else changes."""
    version.known_to.add(desk)


def use_version(desk: Desk, version: ProcedureVersion) -> None:
    """The desk opens its next cases with this version, where nothing else is in force with the partner."""
    take_up(desk, version)
    DeskProcedure.objects.update_or_create(desk=desk, defaults={"version": version})
