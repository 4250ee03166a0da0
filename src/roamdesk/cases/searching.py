"""Finding a case among many by what someone says: a reference, a label, an address, the end of a token or number.

Every way in is an index: words (each with its desk before it) by their beginning, personal values by their end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Reverse

from roamdesk.cases.models import Case, CaseWords, PersonalValue
from roamdesk.cases.telling import key_of, storable
from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, address_words
from roamdesk.partners.models import Partner

SHORTEST_END = 4
LONGEST_WORD = 60
MOST_WORDS = 8
_RUN = re.compile(r"[A-Z]+|[0-9]+")
_EVSE = re.compile(r"[A-Z]{2}[A-Z0-9]{3}E[A-Z0-9]")


def words_of(case: Case) -> list[str]:
    """What a case is found by: references and labels from each of their parts on, and the words of its place."""
    told = case.known.get("values", {})
    spelled = [case.reference, case.their_reference, told.get("evse_label", ""), told.get("evse_id", "")]
    place = [told.get("station_address", "")]
    if case.evse:
        spelled += [case.evse.label, case.evse.evse_id]
        place.append(case.evse.address)
    found = {word for text in spelled for word in _from_each_part(text)} | {w for text in place for w in _place(text)}
    return sorted(_of_desk(case.desk_id, word) for word in found if word)


def _from_each_part(text: str) -> Iterator[str]:
    """``DE*NDL*E4421`` as DENDLE4421, NDLE4421, E4421 and 4421; ``0187`` as 187, too."""
    spelled = text.upper()[:LONGEST_WORD]
    starts = [run.start() for run in _RUN.finditer(spelled)]
    if _EVSE.match(spelled):
        starts += [2, 5]  # after country and operator, where nothing separates them
    for start in starts:
        key = key_of(spelled[start:])
        yield key
        yield key.lstrip("0")


def _place(text: str) -> tuple[str, ...]:
    try:
        return address_words(text[:1000])
    except IdentifierError:
        return ()


def _of_desk(desk_id: int, word: str) -> str:
    return f"{desk_id}/{word[:LONGEST_WORD]}"


def search(desk: Desk, text: str, limit: int = 30) -> list[Case]:
    """Cases by our reference, theirs, label, address, partner or a token's or number's end, the newest first.

    Runs in the desk's scope.
    """
    heard = storable(text).strip()[:200]
    found: set[int] = set()
    for way in (_by_words(desk, heard), _by_personal_value(desk, heard), _by_partner(desk, heard)):
        if way is not None:
            found.update(way.order_by("-opened_at").values_list("pk", flat=True)[:limit])
    cases = Case.objects.filter(pk__in=found).select_related("partner", "owner", "evse", "desk")
    return list(cases.order_by("-opened_at")[:limit])


def cases_named(desk: Desk, name: str) -> QuerySet[CaseWords, int]:
    """The ids of the cases that bear this very reference, label or id, in any spelling. Runs in the desk's scope."""
    key = key_of(name[:LONGEST_WORD])
    # A name without letters and digits is nobody's.
    asked = [f"'{_of_desk(desk.pk, key)}'" if key.isascii() else ""]
    bears = RawSQL("words @@ %s::tsquery", asked, output_field=BooleanField())
    return CaseWords.objects.filter(bears, desk=desk).values_list("case", flat=True)


def _by_words(desk: Desk, heard: str) -> QuerySet[Case] | None:
    asked = list(_asked(desk.pk, heard))
    if not asked:
        return None
    # The words are exact: ``to_tsquery`` would take them apart.
    fits = RawSQL("cases_casewords.words @@ %s::tsquery", [" | ".join(asked)], output_field=BooleanField())
    found: QuerySet[Case] = Case.objects.filter(fits, desk=desk, words__isnull=False)
    return found


def _asked(desk_id: int, heard: str) -> Iterator[str]:
    """The search in PostgreSQL's words: the whole as one identifier, or each word somewhere in the address."""
    key = key_of(heard)
    if key.isascii() and key:
        yield _begins(desk_id, key)
    words = _place(heard)[:MOST_WORDS]
    if words:
        yield "(" + " & ".join(_begins(desk_id, word) for word in words) + ")"


def _begins(desk_id: int, word: str) -> str:
    return f"'{_of_desk(desk_id, word)}':*"


def _by_personal_value(desk: Desk, heard: str) -> QuerySet[Case] | None:
    end = key_of(heard)
    end = end.lstrip("0") if end.isdigit() else end
    if len(end) < SHORTEST_END:
        return None
    values = PersonalValue.objects.filter(desk=desk).alias(backwards=Reverse("key"))
    found: QuerySet[Case] = Case.objects.filter(pk__in=values.filter(backwards__startswith=end[::-1]).values("case"))
    return found


def _by_partner(desk: Desk, heard: str) -> QuerySet[Case] | None:
    named = Partner.objects.filter(desk=desk, name__icontains=heard) if len(heard) > 1 else Partner.objects.none()
    partners = list(named.values_list("pk", flat=True)[:MOST_WORDS])
    found: QuerySet[Case] | None = Case.objects.filter(desk=desk, partner__in=partners) if partners else None
    return found
