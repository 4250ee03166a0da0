"""The list of partners: how each contact form stands and who answers now, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from roamdesk.console import words
from roamdesk.console.marks import Mark
from roamdesk.console.screens.paging import Paged
from roamdesk.console.screens.partner import standing_mark
from roamdesk.desks.models import Desk
from roamdesk.partners.agreed import versions_with
from roamdesk.partners.contact_form import FormState, form_state, standings
from roamdesk.partners.dialling import Dial, dial_of
from roamdesk.partners.models import ContactLine, Partner, ProcedureVersion
from roamdesk.partners.procedures import procedure_at, version_in_force

PAGE = 50
COUNTED = 1000
"""Up to so many partners the page says how many stand how; beyond, a filter has to be chosen."""
FILTERS = (("all", "All"), ("not_ready", "Not ready"), ("stale", "Stale"), ("ready", "Ready"))


@dataclass(frozen=True)
class PartnerRow:
    """A partner in one role. ``missing`` says the first thing that its form lacks by ``version``."""

    partner: Partner
    role: str
    ids: str
    state: Mark
    missing: str
    dial: Dial
    version: ProcedureVersion


@dataclass(frozen=True, kw_only=True)
class PartnersScreen(Paged):
    """``tabs`` are key, words and how many partners, None where they were too many to be counted by the way;
    ``fitting`` counts those of the chosen one.
    """

    rows: tuple[PartnerRow, ...]
    own: ProcedureVersion
    tabs: tuple[tuple[str, str, int | None], ...]
    total: int


def partners_screen(desk: Desk, now: datetime, *, wanted: str, chosen: str, page: int) -> PartnersScreen:
    """Runs in the desk's scope; ``wanted`` is part of a name or of an id, ``page`` counts from 1."""
    found, own = _fitting(desk, wanted).order_by("name"), version_in_force(desk, now)
    fitting = found.count()
    counts: Counter[str] | None = None
    versions: dict[int, ProcedureVersion] = {}
    shown: QuerySet[Partner] | list[Partner] = found
    if chosen != "all" or fitting <= COUNTED:
        partners = list(found)
        versions = versions_with(partners, own, now)
        known = standings(partners, versions, now)
        counts = Counter(known.values())
        shown = [partner for partner in partners if chosen in ("all", known[partner.pk])]
    many = fitting if chosen == "all" else len(shown)
    pages = max(1, -(-many // PAGE))
    page = min(max(page, 1), pages)
    seen = list(shown[(page - 1) * PAGE : page * PAGE])
    return PartnersScreen(
        rows=tuple(_rows(seen, desk, versions or versions_with(seen, own, now), now)),
        own=own,
        tabs=tuple((key, text, _count(counts, key, fitting)) for key, text in FILTERS),
        total=Partner.objects.filter(desk=desk).count(),
        fitting=many,
        page=page,
        pages=pages,
    )


def _count(counts: Counter[str] | None, key: str, fitting: int) -> int | None:
    if key == "all":
        return fitting
    return None if counts is None else counts[key]


def _fitting(desk: Desk, wanted: str) -> QuerySet[Partner]:
    found = Partner.objects.filter(desk=desk)
    if not wanted:
        return found
    ids = [wanted.upper()]
    named = Q(name__icontains=wanted) | Q(operator_ids__contains=ids) | Q(provider_ids__contains=ids)
    return found.filter(named)


def _lines_of(partners: Iterable[Partner]) -> dict[int, list[ContactLine]]:
    found: dict[int, list[ContactLine]] = {}
    for line in ContactLine.objects.filter(partner__in=[partner.pk for partner in partners]):
        found.setdefault(line.partner_id, []).append(line)
    return found


def _rows(
    partners: list[Partner], desk: Desk, versions: Mapping[int, ProcedureVersion], now: datetime
) -> Iterable[PartnerRow]:
    lines = _lines_of(partners)
    for partner in partners:
        version = versions[partner.pk]
        procedure = procedure_at(version.pk)
        theirs = lines.get(partner.pk, [])
        for role in partner.roles:
            state = form_state(partner, role, procedure, theirs, now)
            yield PartnerRow(
                partner=partner,
                role=words.SIDES[role],
                ids=", ".join(partner.operator_ids if role == "cpo" else partner.provider_ids),
                state=standing_mark(state, len(procedure.readiness.get(role, ()))),
                missing=_missing(state),
                dial=dial_of(partner, theirs, f"{role}_cc", now, desk.language),
                version=version,
            )


def _missing(state: FormState) -> str:
    lacking = state.gaps or state.old
    if not lacking:
        return ""
    more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return f"{lacking[0].text}{more}"
