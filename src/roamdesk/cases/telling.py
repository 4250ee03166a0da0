"""Checking what someone tells, before it becomes a fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers

from roamdesk.cases import writing
from roamdesk.cases.errors import FactRefused, Refused
from roamdesk.cases.models import Case
from roamdesk.identifiers import IdentifierError, label_key, token_key
from roamdesk.procedure import Procedure
from roamdesk.procedure.model import UNSET, FactDef, Kind

LONGEST_TEXT = 10_000
LONGEST_IDENTIFIER = 100
LONGEST_PERSONAL = 200
CLOCKS_DIFFER = timedelta(minutes=5)
LONG_AGO, FAR_AHEAD = timedelta(days=3653), timedelta(days=366)
AHEAD = frozenset({"promised_at"})
OURS = frozenset({"side", "match"})
"""What the desk itself records, and nobody tells."""


def checked(procedure: Procedure, values: Mapping[str, Any], now: datetime, country: str) -> dict[str, Any]:
    """The values as they are kept: options, text, E.164 numbers, ISO instants in UTC; None takes a fact back.

    Raises FactRefused with the field and the mend.
    """
    return {name: _checked(_defined(procedure, name), value, now, country) for name, value in values.items()}


def told(procedure: Procedure, values: Mapping[str, Any], now: datetime, country: str) -> dict[str, Any]:
    """As ``checked``, and what only the desk records is refused as well."""
    for name in OURS.intersection(values):
        raise FactRefused(name, f"'{name}' is recorded by the desk itself. Tell what it follows from.")
    return checked(procedure, values, now, country)


def note(text: str, longest: int = LONGEST_TEXT) -> str:
    """Free text as it is kept, HTML and all. Raises Refused where it is too long."""
    clean = storable(text).strip()
    if len(clean) > longest:
        raise Refused(f"The text has {len(clean):,} characters. Shorten it to {longest:,}.")
    return clean


def storable(text: str) -> str:
    """Without what a database can't hold: NUL, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def key_of(text: str) -> str:
    """Letters and digits, in capitals: what is compared of identifiers, numbers and names."""
    return "".join(filter(str.isalnum, text.upper()))


def _defined(procedure: Procedure, name: str) -> FactDef:
    fact = procedure.facts.get(name)
    if fact is None or not fact.is_recorded:
        raise FactRefused(name, f"The procedure has no fact '{name[:40]}' that can be told.")
    return fact


def _checked(fact: FactDef, value: Any, now: datetime, country: str) -> Any:
    if value is None or value == "" or value == UNSET:
        return None
    match fact.kind:
        case Kind.CHOICE:
            return _option(fact, str(value))
        case Kind.TIME:
            return _instant(fact, value, now)
        case Kind.PHONE:
            return _phone(fact, str(value), country)
        case Kind.IDENTIFIER:
            return _identifier(fact, str(value))
        case Kind.TEXT:
            return _text(fact, str(value), LONGEST_PERSONAL if fact.personal else LONGEST_TEXT)


def _option(fact: FactDef, value: str) -> str:
    if value not in fact.options:
        raise FactRefused(fact.name, f"{fact.title} is never '{value[:40]}'. Choose: {', '.join(fact.options)}.")
    return value


def _text(fact: FactDef, value: str, longest: int) -> str | None:
    clean = storable(value).strip()
    if len(clean) > longest:
        raise FactRefused(fact.name, f"{fact.title} has {len(clean):,} characters. Shorten it to {longest:,}.")
    return clean or None


def _identifier(fact: FactDef, value: str) -> str | None:
    """Kept as it was said. What can't be compared later, look-alike letters for one, is refused now."""
    said = _text(fact, value, LONGEST_IDENTIFIER)
    try:
        (token_key if fact.personal else label_key)(said or "")
    except IdentifierError as error:
        raise FactRefused(fact.name, f"{fact.title}: {error}") from None
    return said


def _phone(fact: FactDef, value: str, country: str) -> str:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise FactRefused(fact.name, f"'{value[:30]}' is no phone number. Write it with the country: +49 30 5550142.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _instant(fact: FactDef, value: Any, now: datetime) -> str:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise FactRefused(fact.name, f"'{str(value)[:40]}' is no time. Write it as 2026-11-16 17:05.") from None
    if at.tzinfo is None:
        raise FactRefused(fact.name, f"{fact.title} has no time zone. Write it with an offset, as 17:05+01:00.")
    if at > now + (FAR_AHEAD if fact.name in AHEAD else CLOCKS_DIFFER):
        raise FactRefused(fact.name, f"{fact.title} lies in the future. Check date and time.")
    if at < now - LONG_AGO:
        raise FactRefused(fact.name, f"{fact.title} lies ten years back or more. Check date and time.")
    return at.astimezone(UTC).isoformat()


def put_away(case: Case, procedure: Procedure, values: dict[str, Any]) -> dict[str, Any]:
    """Personal values go to their one place; what stays behind points there."""
    return {
        name: _pointer(case, name, value) if value is not None and procedure.facts[name].personal else value
        for name, value in values.items()
    }


def _pointer(case: Case, name: str, value: str) -> dict[str, int]:
    kept = writing.put_away(case, name, value, key_of(value))
    case.draft.personal[kept] = value
    return {"personal": kept}
