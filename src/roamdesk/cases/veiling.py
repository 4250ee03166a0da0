"""Personal values of the User in somebody's words: masked there as everywhere else, as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from roamdesk.cases.incoming import case_of
from roamdesk.cases.models import Case, MailReading
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.understanding import stored_proposals
from roamdesk.cases.words import full, masked
from roamdesk.correspondence.models import IncomingMail
from roamdesk.partners.procedures import procedure_at, version_in_force
from roamdesk.procedure import Procedure

SHORTEST = 4  # characters; less is found in every word
_LAST_DIGITS = 7  # of a number, whether written for home or abroad
_BETWEEN = r"[ .:/()-]{0,2}"


def veiled(text: str, values: Iterable[str]) -> str:
    """``text`` with each of ``values`` masked, in whatever case and grouping it is written.

    Only letters, digits and what groups them is ever replaced, so that HTML stays as harmless as it was.
    """
    for value in values:
        characters = "".join(filter(str.isalnum, value))
        if len(characters) >= SHORTEST:
            text = _number(characters, text) if value.startswith("+") else _identifier(characters, text)
    return text


def _identifier(characters: str, text: str) -> str:
    return _written(characters).sub(lambda found: masked(found.group()), text)


def _number(digits: str, text: str) -> str:
    """By its last digits: it may be written for home or abroad."""
    return _dialled(digits[-_LAST_DIGITS:]).sub(masked(f"+{digits}"), text)


@lru_cache(maxsize=256)
def _written(characters: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){_BETWEEN.join(characters)}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=256)
def _dialled(last: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:[+(]?\d[\d ./()-]{{0,16}}?)?{_BETWEEN.join(last)}(?!\d)")


def procedure_read_by(mail: IncomingMail, case: Case | None) -> Procedure:
    """The procedure by which a mail is understood: its case's, else the desk's at that time."""
    return procedure_of(case) if case else procedure_at(version_in_force(mail.desk, mail.arrived_at).pk)


def values_of(case: Case | None, reading: MailReading | None) -> dict[str, set[str]]:
    """By fact, the personal values that a case knows, and those that were understood of a mail."""
    found: dict[str, set[str]] = {}
    for name, pointer in (case.known.get("values", {}) if case else {}).items():
        if case and isinstance(pointer, dict):
            found.setdefault(name, set()).add(full(case, name, pointer))
    if reading:
        facts = procedure_read_by(reading.mail, case).facts
        for name, value in (pair for each in stored_proposals(reading) for pair in each.values.items()):
            if name in facts and facts[name].personal:
                found.setdefault(name, set()).add(value)
    return found


def hidden_in(mail: IncomingMail) -> list[str]:
    """What is masked in a mail for whoever may not reveal. Runs in the desk's scope."""
    reading = MailReading.objects.filter(mail=mail).select_related("mail__desk").first()
    return sorted(value for values in values_of(case_of(mail), reading).values() for value in values)
