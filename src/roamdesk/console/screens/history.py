"""What changed in a contact form, as sentences, and whether it can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from roamdesk.partners.history import changes_of
from roamdesk.partners.models import ContactLine, FormChange, Partner
from roamdesk.partners.numbers import shown


@dataclass(frozen=True)
class ChangeRow:
    change: FormChange
    what: str
    details: tuple[str, ...]
    may_be_taken_back: bool


def history_of(partner: Partner) -> tuple[ChangeRow, ...]:
    """The newest 20; only the newest change of a line can be taken back, and once."""
    rows, seen = [], set[int | None]()
    for change in changes_of(partner):
        newest = change.line_id is not None and change.line_id not in seen
        seen.add(change.line_id)
        rows.append(ChangeRow(change, _what(change), _details(change), newest and change.takes_back_id is None))
    return tuple(rows)


def _what(change: FormChange) -> str:
    values: dict[str, Any] = change.after or change.before
    if change.kind == FormChange.Kind.PARTNER:
        return str(change.get_kind_display())
    number = shown(values["value"]) if values["channel"] == ContactLine.Channel.PHONE else values["value"]
    verb = "Taken back" if change.takes_back_id else change.get_kind_display()
    return f"{verb}: {ContactLine.Purpose(values['purpose']).label}, {number}"


def _details(change: FormChange) -> tuple[str, ...]:
    if not change.before or not change.after:
        return ()
    names = [name for name in change.after if change.before.get(name) != change.after[name]]
    return tuple(
        f"{name.replace('_', ' ')}: {_text(change.before.get(name))} → {_text(change.after[name])}" for name in names
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return {True: "yes", False: "no", "": "none", None: "none"}.get(value, str(value))
