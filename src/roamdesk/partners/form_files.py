"""Contact forms from a file: each row is new, a change, or nothing new; good rows go in beside bad ones (S5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from roamdesk.desks.models import Desk
from roamdesk.desks.tables import CellRefused, Progress, Refuse, Row, RowRefused, Tally, import_rows
from roamdesk.partners import history
from roamdesk.partners.form_rows import COLUMNS, OF_LINE, OF_PARTNER, REMOVE, FormRow, lines_of, rows_in
from roamdesk.partners.models import ContactLine, FormFile, Partner
from roamdesk.partners.registering import FIELDS, PartnerRefused, put_partner
from roamdesk.partners.services import LineRefused, refuse_faults, remove_line, save_line, stored_value

COLUMN_OF = {"person_name": "person", "operational_skills": "skills"}
"""Columns of a file that are named otherwise than the field of a line."""
LARGEST = 2 << 20
"""Bytes of a file that is uploaded; a larger one would keep a browser waiting."""
_YES_NO = {"yes": True, "no": False}
_NEW_LINE = {
    "hours": "24/7", "zone": "", "languages": [], "countries": [], "person_name": "", "operational_skills": False,
    "priority": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What a row changes: ``before`` is empty for what is new, ``after`` for a line that is taken off."""

    partner: Partner
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def fields(self) -> list[str]:
        return [name for name in self.after if self.before.get(name) != self.after[name]]


@dataclass
class Outcome:
    """What came, or would come, of a file."""

    tally: Tally = field(default_factory=Tally)
    changes: list[Change] = field(default_factory=list)
    refused: list[RowRefused] = field(default_factory=list)


def import_forms(
    desk: Desk,
    lines: Iterable[str],
    *,
    by: str,
    at: datetime,
    refuse: Refuse,
    progress: Progress,
    told: Callable[[Change], None] = lambda change: None,
) -> Tally:
    """Partners and the lines of their forms from CSV or JSON with the names ``COLUMNS``, as of ``at`` (UTC).

    A line is known by partner, role, purpose, person and number or address: it is corrected, another one is added; an
    empty cell says nothing, what the file leaves out stays. A cell that empties (``form_rows.EMPTIES``) empties what
    may be empty; a line whose row says so is taken off, and its history stays. A bad row is told to ``refuse`` and
    left out. Runs in the desk's scope. Raises TableRefused for a file that cannot be read.
    """
    return import_rows(desk, rows_in(lines), _Forms(desk, by, at, told).store, refuse, progress)


def preview(desk: Desk, content: bytes, *, by: str, at: datetime) -> Outcome:
    """What ``import_forms`` would do: it is done, looked at and rolled back. Raises TableRefused."""
    outcome = Outcome()
    with transaction.atomic():
        outcome.tally = import_forms(
            desk, lines_of(content), by=by, at=at, refuse=outcome.refused.append, progress=lambda tally: None,
            told=outcome.changes.append,
        )  # fmt: skip
        transaction.set_rollback(True)
    return outcome


class FileRefused(ValueError):
    """This file cannot be taken, or not again; nothing was changed. The text says what to do."""


def keep(desk: Desk, name: str, content: bytes, *, by: str, at: datetime) -> FormFile:
    """Store a file as it came, to be looked at. Raises FileRefused."""
    if not content:
        raise FileRefused("The file is empty. Choose a CSV or JSON file with contact forms.")
    if len(content) > LARGEST:
        raise FileRefused(f"The file has more than {LARGEST >> 20} MB. Take it in with roamdesk partner import.")
    tidy = "".join(sign for sign in name if sign.isprintable())[-120:] or "file"
    kept: FormFile = FormFile.objects.create(desk=desk, name=tidy, content=content, came_at=at, came_by=by[:120])
    return kept


def apply(file: FormFile, *, by: str, at: datetime) -> Tally:
    """Have the good rows of a kept file count, once. Raises FileRefused, TableRefused."""
    with transaction.atomic():
        kept: FormFile = FormFile.objects.select_for_update().get(pk=file.pk)
        if kept.applied_at is not None:
            raise FileRefused(f"{kept.applied_by} applied this file at {kept.applied_at:%d/%m/%Y %H:%M} UTC already.")
        kept.applied_at, kept.applied_by = at, by[:120]
        kept.save(update_fields=["applied_at", "applied_by"])
        return import_forms(
            kept.desk, lines_of(bytes(kept.content)), by=f"file {kept.name}, by {by}", at=at,
            refuse=lambda fault: None, progress=lambda tally: None,
        )  # fmt: skip


class _Forms:
    """What is gathered over all the rows of a file."""

    def __init__(self, desk: Desk, by: str, at: datetime, told: Callable[[Change], None]) -> None:
        self.desk, self.by, self.at, self.told = desk, by, at, told
        self.partners = {partner.name.casefold(): partner for partner in Partner.objects.filter(desk=desk)}
        self.lines: dict[tuple[Any, ...], ContactLine] = {}
        self.seen: dict[tuple[Any, ...], Row] = {}

    def store(self, rows: list[FormRow], tally: Tally, refuse: Refuse) -> None:
        """Whoever changes one of these partners meanwhile waits, and sees what came of the file."""
        named = {partner.pk for row in rows if (partner := self._known(row))}
        locked = Partner.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk")
        self.partners |= {partner.name.casefold(): partner for partner in locked}
        lines = ContactLine.objects.filter(desk=self.desk, partner__in=named)
        self.lines = {_identity(line.partner_id, history.values_of(line)): line for line in lines}
        for row in rows:
            try:
                self._count(self._line(row) if row["purpose"] else self._partner(row), tally)
            except CellRefused as fault:
                refuse(row.refused(fault))

    def _count(self, change: Change | None, tally: Tally) -> None:
        if change is None:
            tally.unchanged += 1
            return
        tally.removed += not change.after
        tally.changed += bool(change.before and change.after)
        tally.added += not change.before
        self.told(change)

    def _known(self, row: Row) -> Partner | None:
        return self.partners.get(row["partner"].casefold())

    def _partner(self, row: FormRow) -> Change | None:
        """Raises CellRefused."""
        _refuse_cells(row, (*OF_LINE, REMOVE), "purpose", "belongs to a line: say in 'purpose' what the line is for.")
        if not row["partner"]:
            raise CellRefused("partner", "is empty. Write the partner's name.")
        self._once(row, ("partner", row["partner"].casefold()), "partner")
        values = _values_of_partner(row, self.at) | _emptied(row, _PARTNER_MAY_LACK)
        known = self._known(row)
        before = _fields_of(known) if known else {}
        values = _only_newer(values, "form_published_at", known.form_published_at if known else None)
        if known and all(getattr(known, name) == value for name, value in values.items()):
            return None
        if known is None and row["country"]:
            values.setdefault("region", "")
        try:
            partner = put_partner(self.desk, row["partner"], values, by=self.by, at=self.at)
        except PartnerRefused as refused:
            raise CellRefused("", str(refused)) from None
        self.partners[partner.name.casefold()] = partner
        return Change(partner, before, _fields_of(partner))

    def _line(self, row: FormRow) -> Change | None:
        """Raises CellRefused."""
        _refuse_cells(row, OF_PARTNER, "", "belongs to the partner's own row, the one without a purpose.")
        partner = self._known(row)
        if partner is None:
            raise CellRefused(
                "partner", f"There is no partner {row['partner'][:80]!r}. Put its own row above its lines."
            )
        named = _named_in(row, partner)
        self._once(row, _identity(partner.pk, named), "value")
        line = self.lines.get(_identity(partner.pk, named))
        before = history.values_of(line) if line else {}
        if row[REMOVE] and _yes(row, REMOVE):
            return self._taken_off(partner, line, named)
        after = _NEW_LINE | before | named | _values_of_line(row) | _emptied(row, _LINE_MAY_LACK)
        try:
            refuse_faults(partner, after)
        except LineRefused as refused:
            name, fault = next(iter(refused.faults.items()))
            raise CellRefused(COLUMN_OF.get(name, name), fault) from None
        return self._saved(row, partner, line, before, after)

    def _taken_off(self, partner: Partner, line: ContactLine | None, named: Mapping[str, Any]) -> Change | None:
        """None where it was taken off before. Raises CellRefused for a line that never was."""
        if line is not None:
            before = history.values_of(line)
            remove_line(line, by=self.by, at=self.at)
            return Change(partner, before, {})
        if not history.was_removed(partner, named):
            raise CellRefused(REMOVE, f"{partner} has no such line: role, purpose, person and value must be its own.")
        return None

    def _saved(
        self, row: Row, partner: Partner, line: ContactLine | None, before: dict[str, Any], after: dict[str, Any]
    ) -> Change | None:
        verified = _only_newer(_verified(row, self.at), "at", line.verified_at if line else None)
        if before == after and not verified:
            return None
        trust = verified or {"at": line.verified_at if line else None, "how": line.verified_how if line else ""}
        save_line(partner, **after, **trust, by=self.by, changed_at=self.at, line=line)
        shown = {"verified": trust["at"]} if verified else {}
        was = {"verified": line.verified_at} if line and verified else {}
        return Change(partner, before | was, after | shown)

    def _once(self, row: Row, identity: tuple[Any, ...], column: str) -> None:
        earlier = self.seen.setdefault(identity, row)
        if earlier is not row:
            where = earlier.place or f"row {earlier.number}"
            raise CellRefused(column, f"stands in {where} already. Keep one of the two.")


def _identity(partner: int, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return (partner, *(values[name] for name in ("role", "purpose", "channel", "value", "person_name")))


def _fields_of(partner: Partner) -> dict[str, Any]:
    return {name: getattr(partner, name) for name in (*FIELDS, "form_published_at")}


def _refuse_cells(row: Row, columns: tuple[str, ...], but: str, reason: str) -> None:
    """Raises CellRefused for the first of these columns that says something."""
    for column in columns:
        if column != but and row[column]:
            raise CellRefused(column, reason)


def _values_of_partner(row: Row, at: datetime) -> dict[str, Any]:
    """The fields of the cells that say something. Raises CellRefused."""
    roles = _listed(row["role"].lower())
    if strange := [role for role in roles if role not in ("cpo", "msp")]:
        raise CellRefused("role", f"{strange[0][:20]!r} is no role. Write cpo, msp, or both.")
    values: dict[str, Any] = {f"plays_{role}": role in roles for role in ("cpo", "msp")} if roles else {}
    for name in ("operator_ids", "provider_ids", "evse_prefixes"):
        values |= {name: _listed(row[name])} if row[name] else {}
    values |= {name: row[name].upper() for name in ("country", "region") if row[name]}
    values |= {"zone": row["zone"]} if row["zone"] else {}
    values |= {"procedures_agreed": _yes(row, "agreed")} if row["agreed"] else {}
    return values | ({"form_published_at": _instant(row, "published", at)} if row["published"] else {})


def _named_in(row: Row, partner: Partner) -> dict[str, Any]:
    """What tells the line from others, as it is stored. Raises CellRefused."""
    if not row["value"]:
        raise CellRefused("value", "is empty. Write a phone number or a mail address.")
    channel = ContactLine.Channel.MAIL if "@" in row["value"] else ContactLine.Channel.PHONE
    return {
        "role": row["role"].lower(),
        "purpose": row["purpose"].lower(),
        "channel": channel,
        "value": stored_value(partner, channel, row["value"]),
        "person_name": row["person"],
    }


def _values_of_line(row: Row) -> dict[str, Any]:
    """The fields of the cells that say something. Raises CellRefused."""
    values: dict[str, Any] = {name: row[name] for name in ("hours", "zone") if row[name]}
    values |= {"languages": _listed(row["languages"].lower())} if row["languages"] else {}
    values |= {"countries": _listed(row["countries"].upper())} if row["countries"] else {}
    values |= {"operational_skills": _yes(row, "skills")} if row["skills"] else {}
    if row["priority"]:
        figures = row["priority"].isascii() and row["priority"].isdecimal() and len(row["priority"]) < 6
        values["priority"] = int(row["priority"]) if figures else 0
    return values


def _verified(row: Row, at: datetime) -> dict[str, Any]:
    """When and how the line was verified. Raises CellRefused."""
    how = row["verified_how"].lower()
    if how and how not in ContactLine.Way.values:
        ways = ", ".join(ContactLine.Way.values)
        raise CellRefused(
            "verified_how", f"{row['verified_how'][:20]!r} is no way to verify a line. Use one of {ways}."
        )
    if not row["verified"]:
        return {}
    return {"at": _instant(row, "verified", at), "how": how}


def _only_newer(values: dict[str, Any], name: str, known: datetime | None) -> dict[str, Any]:
    """Without an instant that is no newer, to the second, than what is known: a file may be old."""
    if name not in values or known is None or values[name] > known.replace(microsecond=0):
        return values
    return {} if name == "at" else {key: value for key, value in values.items() if key != name}


def _instant(row: Row, column: str, at: datetime) -> datetime:
    """A cell like 2026-03-01 or 2026-03-01T10:15Z, in UTC unless it says otherwise. Raises CellRefused."""
    try:
        read = datetime.fromisoformat(row[column])
    except ValueError:
        mend = f"{row[column][:30]!r} is no time. Write it as 2026-03-01 or 2026-03-01T10:15Z."
        raise CellRefused(column, mend) from None
    instant = read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    if instant > at:
        raise CellRefused(column, f"{row[column]} lies ahead. Write when it happened.")
    return instant


def _yes(row: Row, column: str) -> bool:
    """Raises CellRefused."""
    if row[column].lower() not in _YES_NO:
        raise CellRefused(column, f"{row[column][:20]!r} is neither yes nor no.")
    return _YES_NO[row[column].lower()]


_PARTNER_MAY_LACK: dict[str, tuple[str, Any]] = {
    "operator_ids": ("operator_ids", []),
    "provider_ids": ("provider_ids", []),
    "evse_prefixes": ("evse_prefixes", []),
    "region": ("region", ""),
}
_LINE_MAY_LACK: dict[str, tuple[str, Any]] = {
    "zone": ("zone", ""),
    "languages": ("languages", []),
    "countries": ("countries", []),
    "skills": ("operational_skills", False),
}


def _emptied(row: FormRow, may_lack: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
    """The fields of the cells that empty, empty. Raises CellRefused for what must say something."""
    for column in COLUMNS:
        if column in row.emptied and column not in (*may_lack, "person"):  # without a person is another line
            raise CellRefused(column, f"can't be emptied here. These can: {', '.join(may_lack)}.")
    return dict(may_lack[column] for column in may_lack if column in row.emptied)


def _listed(cell: str) -> list[str]:
    return list(dict.fromkeys(cell.replace(",", " ").replace(";", " ").split()))
