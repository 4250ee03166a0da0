"""A shift that is under way when the demo starts: cases in every lane of the queue, told through the real verbs.

One of them is a request to Nordlade by mail: it waits in the outbox, and leaves, is acknowledged and opens Nordlade's
case once everything runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django_scopes import scope

from roamdesk.cases import notices, services
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.models import Case
from roamdesk.charging.models import Evse
from roamdesk.demo.drivers import ANA, JAN, MILO, NORA, Driver
from roamdesk.desks.models import Desk, Person
from roamdesk.partners.models import Partner

Told = tuple[int, Mapping[str, Any]]
ASKED = {"self_help": "not_helped", "stuck_end": "station"}
ASKED_FOR_CDR = {
    "problem": "other",
    "evse_label": "DE*NDL*E0209*1",
    "issue": "The session of the day before yesterday has no charge detail record yet. When will it be issued?",
    "session_id": "NDL-S-771204",
    "cdr_reason": "none has come",
}
UNLOCKING = {"identity": "full", "unlock_asked": "yes"}


@dataclass(frozen=True)
class Running:
    """A case of VoltPass: minutes ago it was opened, with what, and what was told since (minutes ago)."""

    opened: int
    label: str
    driver: Driver
    facts: Mapping[str, Any]
    since: Sequence[Told] = ()
    owner: str = ""


RUNNING = (
    Running(
        39,
        "NL*KWK*E77130*1",
        JAN,
        {"problem": "cable_stuck"},
        ((37, ASKED), (35, UNLOCKING)),
        owner="mara@voltpass",
    ),
    Running(
        14,
        "DE*NDL*E0391*1",
        ANA,
        {"problem": "cannot_end"},
        ((12, ASKED), (10, UNLOCKING), (6, {"unlock": "failed"}), (5, {"consent": "yes"})),
        owner="mara@voltpass",
    ),
    Running(
        9,
        "FR*SUD*E3301*1",
        NORA,
        {"problem": "vehicle_stuck"},
        ((8, {"self_help": "not_helped"}), (6, UNLOCKING), (4, {"unlock": "unknown"})),
    ),
    Running(
        25,
        "NL*KWK*E10022*1",
        MILO,
        {"problem": "other", "issue": "Billed twice for one session"},
        ((20, {"cpo_needed": "yes"}),),
    ),
    Running(
        12,
        "DE*BLX*E1007*1",
        MILO,
        {"problem": "cable_stuck"},
        (
            (11, ASKED),
            (10, UNLOCKING),
            (6, {"unlock": "failed"}),
            (5, {"consent": "yes"}),
            (4, {"phone_passed": "yes"}),
        ),
        owner="jonas@voltpass",
    ),
)


def begin_shift(at: datetime) -> int:
    """Open the shift's cases at a desk that has none; how many. Ages count back from ``at`` (UTC)."""
    desk = Desk.objects.get(slug="voltpass")
    with scope(desk=desk):
        if Case.objects.filter(desk=desk).exists():
            return 0
        for running in RUNNING:
            _open(desk, running, at)
        _write_to_nordlade(desk, at)
    return len(RUNNING) + 1


def _write_to_nordlade(desk: Desk, at: datetime) -> None:
    """VoltPass's back office asks by the template (S24); the mail leaves as soon as a worker is there."""
    actor = Actor.of(Person.objects.get(username="vera@voltpass"), Through.DEMO)
    case = services.open_case(
        desk, side="msp", facts={"caller": "ourselves", "token": NORA.token, **ASKED_FOR_CDR}, actor=actor, at=at,
        partner=Partner.objects.get(desk=desk, name="Nordlade"),
    )  # fmt: skip
    case = services.record_facts(case, {"event_time": at - timedelta(days=2)}, actor=actor, at=at)
    notices.send_notice(case, "mail_template_cpo", actor=actor, at=at)


def _open(desk: Desk, running: Running, at: datetime) -> None:
    person = Person.objects.get(username=running.owner or "mara@voltpass")
    actor = Actor.of(person, Through.DEMO)
    evse = Evse.objects.filter(desk=desk, label=running.label).select_related("partner").get()
    known = {"caller": "user", "token": running.driver.token, "user_phone": running.driver.phone}
    case = services.open_case(
        desk,
        side="msp",
        facts={**known, "evse_label": running.label, **running.facts},
        actor=actor,
        at=at - timedelta(minutes=running.opened),
        evse=evse,
        partner=evse.partner,
    )
    for ago, values in running.since:
        case = services.record_facts(case, values, actor=actor, at=at - timedelta(minutes=ago))
    if not running.owner:
        services.hand_over(case, None, "Nobody has taken it yet.", actor=actor, at=at)
