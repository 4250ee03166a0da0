"""Contact forms as files, CSV or JSON, that ``form_files`` reads again: the same forms on another desk."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roamdesk.desks.models import Desk
from roamdesk.partners.form_rows import COLUMNS, quoted
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.numbers import shown

SUFFIXES = ("csv", "json")


def forms_as(suffix: str, desk: Desk, names: Sequence[str] = ()) -> bytes:
    """The contact forms of the desk's partners, or of those alone that are named, as a file of that kind, UTF-8.

    Raises ValueError for another kind.
    """
    partners = list(_partners(desk, names))
    if suffix == "json":
        return (json.dumps(partners, ensure_ascii=False, indent=2) + "\n").encode()
    if suffix == "csv":
        return _table(partners).encode("utf-8-sig")  # without the mark, spreadsheets take it for another coding
    raise ValueError(f"{suffix!r} is no kind of file here. Use {' or '.join(SUFFIXES)}.")


def _partners(desk: Desk, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    found = Partner.objects.filter(desk=desk).prefetch_related("lines").order_by("name")
    wanted = {name.casefold() for name in names}
    for partner in found:
        if not wanted or partner.name.casefold() in wanted:
            yield _partner(partner)


def _partner(partner: Partner) -> dict[str, Any]:
    return {
        "partner": partner.name,
        "role": partner.roles,
        "zone": partner.zone,
        "operator_ids": partner.operator_ids,
        "provider_ids": partner.provider_ids,
        "evse_prefixes": partner.evse_prefixes,
        "country": partner.country,
        "region": partner.region,
        "agreed": partner.procedures_agreed,
        "published": _instant(partner.form_published_at),
        "lines": [_line(line) for line in partner.lines.all()],
    }


def _line(line: ContactLine) -> dict[str, Any]:
    return {
        "role": line.role,
        "purpose": line.purpose,
        "value": shown(line.value) if line.channel == ContactLine.Channel.PHONE else line.value,
        "person": line.person_name,
        "skills": line.operational_skills,
        "languages": line.languages,
        "hours": line.hours,
        "zone": line.zone,
        "countries": line.countries,
        "priority": line.priority,
        "verified": _instant(line.verified_at),
        "verified_how": line.verified_how if line.verified_at else "",
    }


def _table(partners: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for partner in partners:
        rows = ({"partner": partner["partner"]} | line for line in partner["lines"])
        for row in ({**partner, "lines": ""}, *rows):
            writer.writerow([_cell(column, row) for column in COLUMNS])
    return text.getvalue()


def _cell(column: str, row: Mapping[str, Any]) -> str:
    value = row.get(column, "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    # A number in groups is text to a spreadsheet already.
    return str(value) if column == "value" and "@" not in value else quoted(str(value))


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
