"""The number to dial now, and the page of whom the desk can't reach, over a large desk.

5,000 partners with 50,000 contact lines, and 1,000,000 EVSEs, most of them a partner's; filled by INSERT … SELECT.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import psycopg
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from benchmarks.figures import Figure, figure
from benchmarks.people import AT, Cast, cast
from roamdesk.charging.dialling import number_at, operating_company
from roamdesk.charging.lookup import evses_named
from roamdesk.demo.publications import second_version
from roamdesk.desks.models import Desk
from roamdesk.identifiers import label_key
from roamdesk.partners import publishing
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.procedures import add_version

PARTNERS, LINES_EACH, EVSES_EACH = 5_000, 10, 200
LOOK_UPS, VISITS = 300, 20
DIAL_MS, QUERIES, PAGE_MS = 5, 3, 300
HOURS = ("24/7", "Mon-Fri 08:00-18:00", "Mon-Sun 06:00-22:00", "business", "22:00-06:00", "Sat 09:00-14:00", "closed")
ZONES = ("Europe/Berlin", "Europe/Lisbon", "Europe/Warsaw", "Europe/Rome", "Europe/Helsinki", "Europe/Amsterdam")
PLACES = (("DE", "BE"), ("DE", "BY"), ("PT", ""), ("PL", ""), ("IT", ""), ("NL", ""), ("AT", "9"), ("FI", ""))


def figures() -> Iterator[Figure]:
    people = cast("dial")
    _fill(people.desk)
    yield from _dial(people.desk)
    yield from _page(people)


def _dial(desk: Desk) -> Iterator[Figure]:
    chance = random.Random(7)
    labels = [_label(chance.randrange(PARTNERS), chance.randrange(EVSES_EACH)) for _ in range(LOOK_UPS)]
    with scope(desk=desk):
        number_of(desk, labels[0])
        times = sorted(_timed(desk, label) for label in labels)
        queries = _queries_of(desk, labels[1])
    middle, slow = times[LOOK_UPS // 2], times[int(LOOK_UPS * 0.95)]
    detail = f"{middle:.1f} ms, 95 % within {slow:.1f} ms, of {DIAL_MS} ms"
    yield figure("number_to_dial", [one / DIAL_MS for one in times], 1.0, at_least=False, detail=detail)
    words = f"{queries} queries, {QUERIES} allowed"
    yield figure("number_to_dial_queries", [queries / QUERIES], 1.0, at_least=False, detail=words)


def number_of(desk: Desk, label: str) -> str:
    """As the guided call does it: label, company, line."""
    [evse] = evses_named(desk.pk, label_key(label))
    company = operating_company(desk, evse)
    assert company is not None
    return number_at(company, "cpo_cc", AT, "en", evse=evse).lines[0].number


def _queries_of(desk: Desk, label: str) -> int:
    """Counted where they leave: Django's own count does not see the prepared ones."""
    with patch.object(psycopg.Cursor, "execute", autospec=True, side_effect=psycopg.Cursor.execute) as asked:
        number_of(desk, label)
    return asked.call_count


def _timed(desk: Desk, label: str) -> float:
    began = time.perf_counter()
    number_of(desk, label)
    return (time.perf_counter() - began) * 1000


def _page(people: Cast) -> Iterator[Figure]:
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(people.operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, limit in (("unreachable", PAGE_MS), ("partners", PAGE_MS), ("partner_tasks", PAGE_MS)):
        address = reverse(f"console:{name}", kwargs={"desk": people.desk.slug})
        times = sorted(_visit(browser, address) for _ in range(VISITS))
        detail = f"{times[VISITS // 2]:.0f} ms, 95 % within {times[int(VISITS * 0.95)]:.0f} ms, of {limit} ms"
        yield figure(f"page_{name}_5000", [one / limit for one in times], 1.0, at_least=False, detail=detail)


def _visit(browser: Client, address: str) -> float:
    began = time.perf_counter()
    answer = browser.get(address)
    assert answer.status_code == 200, f"{address} answered {answer.status_code}"
    return (time.perf_counter() - began) * 1000


def _label(partner: int, evse: int) -> str:
    return f"{_operator(partner)}*E{evse:05d}"


def _operator(partner: int) -> str:
    """26 letters and ten figures three times: more operators than partners."""
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return f"DE*{signs[partner // 1296]}{signs[partner // 36 % 36]}{signs[partner % 36]}"


def _fill(desk: Desk) -> None:
    with scope(desk=desk):
        partners = [_partner(desk, number) for number in range(PARTNERS)]
        Partner.objects.bulk_create(partners, batch_size=2000)
        ContactLine.objects.bulk_create(
            (_line(desk, partner, number) for partner in partners for number in range(LINES_EACH)), batch_size=5000
        )
        _publish(desk, partners)
        with connection.cursor() as cursor:
            cursor.execute(EVSES, {"desk": desk.pk, "each": EVSES_EACH})
            cursor.execute("ANALYZE")


def _publish(desk: Desk, partners: list[Partner]) -> None:
    """A second version to all of them; every other one has acknowledged it."""
    published = publishing.publish(desk, add_version(second_version(), AT), in_force_from=AT, by="Piet", at=AT)
    chosen = [partner.pk for partner in partners[::2]]
    published.acknowledgements.filter(partner__in=chosen).update(acknowledged_at=AT, acknowledged_by="R. Reference")


def _partner(desk: Desk, number: int) -> Partner:
    country, region = PLACES[number % len(PLACES)]
    partner = Partner(
        desk=desk, name=f"Partner {number:05d}", plays_cpo=True, plays_msp=number % 3 == 0,
        operator_ids=[_operator(number)], zone=ZONES[number % len(ZONES)], country=country, region=region,
        procedures_agreed=True, form_published_at=AT,
    )  # fmt: skip
    partner.derive_keys()
    return partner


def _line(desk: Desk, partner: Partner, number: int) -> ContactLine:
    purposes = ("first_level", "first_level", "reference_person", "hotline", "back_office")
    purpose = purposes[number % 5]
    which = partner.pk * LINES_EACH + number
    return ContactLine(
        desk=desk, partner=partner, role="cpo", purpose=purpose,
        channel="mail" if purpose == "back_office" else "phone",
        value=f"backoffice{which}@partner.example" if purpose == "back_office" else f"+4930555{which % 100000:05d}",
        person_name="Rita Reference" if purpose == "reference_person" else "",
        operational_skills=True, hours=HOURS[which * 7919 % len(HOURS)],
        languages=["de"] if which % 4 == 0 else ["de", "en"],
        verified_at=None if which % 9 == 0 else AT - timedelta(days=which % 200),
    )  # fmt: skip


EVSES = """
    INSERT INTO charging_evse (desk_id, partner_id, evse_id, label, label_key, sounds_key, id_key, id_sounds_key,
        address_key, evse_number, connector_number, plug, place_hint, address, country, hotline, hotline_at,
        also_known, station_label, status, error_code)
    SELECT %(desk)s, p.id, p.operator_ids[1] || '*E' || lpad(n::text, 5, '0'),
        p.operator_ids[1] || '*E' || lpad(n::text, 5, '0'), p.operator_keys[1] || 'E' || lpad(n::text, 5, '0'),
        p.operator_keys[1] || 'E' || lpad(n::text, 5, '0'), p.operator_keys[1] || 'E' || lpad(n::text, 5, '0'), '',
        '', 1, 1, 'type2_socket', '', 'Ladestraße ' || n, p.country,
        '+498005550' || lpad((p.id %% 10000)::text, 4, '0'), now(), '', '', '', ''
    FROM partners_partner p, generate_series(0, %(each)s - 1) AS n WHERE p.desk_id = %(desk)s AND p.plays_cpo
"""
