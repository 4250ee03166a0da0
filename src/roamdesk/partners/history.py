"""The history of a contact form: every change with who and when, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from roamdesk.partners.models import ContactLine, FormChange, Partner
from roamdesk.partners.numbers import shown

FIELDS = (
    "role", "purpose", "channel", "value", "hours", "zone", "languages", "countries", "person_name",
    "operational_skills", "priority",
)  # fmt: skip
SHOWN = 20
Kind = FormChange.Kind


class ChangeRefused(ValueError):
    """This change cannot be taken back; the text says why and what to do instead."""


def values_of(line: ContactLine) -> dict[str, Any]:
    """The line as plain values: the shape of a line in history, files and submissions."""
    return {name: getattr(line, name) for name in FIELDS}


def note(
    partner: Partner,
    line_id: int | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: str,
    at: datetime,
    takes_back: FormChange | None = None,
) -> FormChange | None:
    """Write down what changed, ``at`` (UTC); None where nothing did."""
    if dict(before) == dict(after):
        return None
    kind = Kind.ADDED if not before else Kind.REMOVED if not after else Kind.CHANGED
    change: FormChange = FormChange.objects.create(
        desk_id=partner.desk_id,
        partner=partner,
        line_id=line_id,
        kind=kind if line_id else Kind.PARTNER,
        at=at,
        by=by[:120],
        before=dict(before),
        after=dict(after),
        takes_back=takes_back,
    )
    return change


def was_removed(partner: Partner, values: Mapping[str, Any]) -> bool:
    """Whether a line with these values was taken off the form before."""
    held = {f"before__{name}": value for name, value in values.items()}
    return FormChange.objects.filter(partner=partner, kind=Kind.REMOVED, **held).exists()


def changes_of(partner: Partner, newest: int = SHOWN) -> list[FormChange]:
    """The newest so many, newest first."""
    return list(FormChange.objects.filter(partner=partner)[:newest])


def what(change: FormChange) -> str:
    """What was changed, in words: the kind of change, and which line."""
    values: dict[str, Any] = change.after or change.before
    if change.kind == Kind.PARTNER:
        return str(change.get_kind_display())
    verb = "Taken back" if change.takes_back_id else change.get_kind_display()
    return f"{verb}: {ContactLine.Purpose(values['purpose']).label}, {as_read(values)}"


def details(change: FormChange) -> tuple[str, ...]:
    """Field by field from what to what; nothing for what is new or gone."""
    return in_words(change.before, change.after) if change.before and change.after else ()


def in_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that differ, each as ``hours: 24/7 → Mon-Fri 08:00-18:00``."""
    names = [name for name in after if before.get(name) != after[name]]
    return tuple(f"{name.replace('_', ' ')}: {_text(before.get(name))} → {_text(after[name])}" for name in names)


def as_read(values: Mapping[str, Any]) -> str:
    """The number or address of a line as people read it."""
    return shown(values["value"]) if values["channel"] == ContactLine.Channel.PHONE else str(values["value"])


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M} UTC"
    return {True: "yes", False: "no", "": "none", None: "none"}.get(value, str(value))


def newest_change(line: ContactLine) -> FormChange | None:
    """The newest change of the line; None for one that came without a history."""
    return FormChange.objects.filter(partner=line.partner_id, line_id=line.pk).first()


def may_take_back(change: FormChange) -> str:
    """Why not, in words; empty where it may."""
    if change.kind == Kind.PARTNER:
        return "A change of the partner itself is mended by editing the partner."
    if change.takes_back_id or FormChange.objects.filter(takes_back=change).exists():
        return "It was taken back already."
    if FormChange.objects.filter(partner=change.partner_id, line_id=change.line_id, pk__gt=change.pk).exists():
        return "The line was changed again since. Take the newer change back first."
    return ""


def take_back(change: FormChange, *, by: str, at: datetime) -> FormChange:
    """Put the line back to what it was before ``change``, as one more change. Raises ChangeRefused.

    A line that was removed comes back as verified as nobody knows: it asks to be confirmed.
    """
    with transaction.atomic():
        partner = Partner.objects.select_for_update().get(pk=change.partner_id)
        if why := may_take_back(change):
            raise ChangeRefused(why)
        line = ContactLine.objects.filter(pk=change.line_id or 0, partner=partner).first()
        line_id = _restore(partner, line, change)
        back = note(partner, line_id, change.after, change.before, by=by, at=at, takes_back=change)
        assert back is not None
    return back


def _restore(partner: Partner, line: ContactLine | None, change: FormChange) -> int | None:
    if not change.before:
        if line is not None:
            line.delete()
        return change.line_id
    line = line or ContactLine(pk=change.line_id, desk_id=partner.desk_id, partner=partner)
    if line.value != change.before["value"]:
        line.verified_at = line.last_answered_at = line.last_failed_at = None
        line.failures, line.last_failure, line.verified_how = 0, "", ""
    for name, value in change.before.items():
        setattr(line, name, value)
    line.save()
    return line.pk
