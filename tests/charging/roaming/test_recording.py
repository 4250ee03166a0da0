from __future__ import annotations

from decimal import Decimal
from itertools import islice, permutations
from typing import Any

import pytest
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.models import Cdr, Evidence, Evse, Session, Token
from roamdesk.charging.roaming.said import (
    Authorisation,
    ChargeRecord,
    Happening,
    Notification,
    Origin,
    SessionIds,
    Step,
    TimeSaid,
    TokenSaid,
)
from roamdesk.charging.roaming.services import (
    EvidenceRefused,
    name_session,
    record_authorisation,
    record_cdr,
    record_notification,
)
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner
from roaming_messages import CARD, EVSE_ID, SESSION, authorisation, cdr, life_of_a_session, minutes, notification

Message = Authorisation | Notification | ChargeRecord
_NOT_COMPARED = {"id", "_state"}


def record(desk: Desk, said: Message) -> Session:
    if isinstance(said, Authorisation):
        return record_authorisation(desk, said)
    return record_cdr(desk, said) if isinstance(said, ChargeRecord) else record_notification(desk, said)


def columns(session: Session) -> dict[str, Any]:
    return {name: value for name, value in vars(session).items() if name not in _NOT_COMPARED}


def stored(desk: Desk) -> tuple[list[Any], list[Any], list[Any]]:
    with scope(desk=desk):
        sessions = list(Session.objects.all())
        evidence = sorted(Evidence.objects.values_list("kind", "digest", "received_at"))
        cdrs = sorted(Cdr.objects.values_list("pushed_at", "pulled_at"), key=str)
    return [columns(session) for session in sessions], evidence, cdrs


def test_any_order_and_repetition_of_messages_gives_the_same_session(msp_desk: Desk) -> None:
    seen = []
    for order in islice(permutations(life_of_a_session()), 0, None, 360):
        for said in (*order, *order[:3]):
            record(msp_desk, said)
        seen.append(stored(msp_desk))
        with scope(desk=msp_desk):
            Session.objects.all().delete()
    assert len(seen) == 14
    assert all(one == seen[0] for one in seen[1:])


def test_an_authorised_session_is_open_and_says_how_sure_it_is(msp_desk: Desk) -> None:
    session = record_authorisation(msp_desk, authorisation())
    assert (session.grade, session.session_id, session.token_key) == ("authorised", SESSION, CARD)
    assert (session.started_at, session.ended_at, session.cdr_id) == (minutes(0), None, "")


def test_a_start_notification_proves_charging_and_says_since_when(msp_desk: Desk) -> None:
    record_authorisation(msp_desk, authorisation())
    session = record_notification(msp_desk, notification())
    assert (session.grade, session.started_at, session.cpo_session_id) == ("started", minutes(1), "tx-77")


def test_after_the_end_notification_the_session_is_open_but_charges_no_more(msp_desk: Desk) -> None:
    session = record_notification(msp_desk, notification(Happening.ENDED))
    assert (session.charging, session.ended_at) == (False, None)


def test_a_cdr_closes_the_session_and_its_id_is_the_sessions(msp_desk: Desk) -> None:
    session = record_cdr(msp_desk, cdr())
    assert (session.grade, session.cdr_id, session.energy_kwh) == ("cdr", SESSION, Decimal("17.250"))
    assert session.ended_at == minutes(58)


def test_the_session_id_is_compared_without_regard_to_case(msp_desk: Desk) -> None:
    one = record_authorisation(msp_desk, authorisation())
    other = record_cdr(msp_desk, cdr(ids=SessionIds(SESSION.upper())))
    assert one.pk == other.pk


def test_a_cdr_pushed_and_pulled_counts_once_and_both_ways_are_known(msp_desk: Desk) -> None:
    for origin in (Origin(minutes(60)), Origin(minutes(90), raw="other text", pulled=True), Origin(minutes(61))):
        record_cdr(msp_desk, cdr(origin=origin))
    with scope(desk=msp_desk):
        (kept,) = Cdr.objects.all()
    assert (kept.pushed_at, kept.pulled_at) == (minutes(60), minutes(90))


def test_two_different_cdrs_are_both_kept_and_the_first_counts(msp_desk: Desk) -> None:
    record_cdr(msp_desk, cdr(origin=Origin(minutes(61)), energy_kwh=Decimal("18"), meter_end_kwh=Decimal("118")))
    session = record_cdr(msp_desk, cdr())
    with scope(desk=msp_desk):
        assert Cdr.objects.count() == 2
    assert (session.energy_kwh, session.flags) == (Decimal("17.250"), ["two_cdrs"])
    assert "Two different CDRs" in session.oddities[0]


def test_a_time_without_offset_is_kept_as_written_and_never_assumed(msp_desk: Desk) -> None:
    session = record_cdr(msp_desk, cdr(session_end=TimeSaid.read("2026-02-03T10:58:00"), charging_end=None))
    with scope(desk=msp_desk):
        kept = Cdr.objects.get()
    assert (kept.session_end_raw, kept.session_end_at) == ("2026-02-03T10:58:00", None)
    assert (session.ended_at, session.flags) == (minutes(60), ["time_without_offset"])


def test_the_night_of_the_clock_change_runs_forward_though_the_local_clock_runs_back(msp_desk: Desk) -> None:
    session = record_cdr(
        msp_desk,
        cdr(
            session_start=TimeSaid.read("2026-10-25T02:50:00+02:00"),
            session_end=TimeSaid.read("2026-10-25T02:20:00+01:00"),
            charging_start=None,
            charging_end=None,
        ),
    )
    assert session.ended_at is not None
    assert ((session.ended_at - session.started_at).total_seconds(), session.flags) == (1800, [])


def test_an_end_before_the_start_is_flagged(msp_desk: Desk) -> None:
    session = record_cdr(msp_desk, cdr(session_end=TimeSaid.read("2026-02-03T09:00:00+01:00")))
    assert session.flags == ["end_before_start"]


def test_energy_that_cannot_be_is_flagged_and_stays_in_the_raw_text(msp_desk: Desk) -> None:
    session = record_cdr(msp_desk, cdr(energy_kwh=Decimal("17250"), meter_end_kwh=None))
    assert session.flags == ["much_energy"]
    assert record_cdr(msp_desk, cdr(ids=SessionIds("b-2"), energy_kwh=Decimal("1e40"))).energy_kwh is None


def test_a_session_finds_its_evse_and_the_company_that_runs_it(msp_desk: Desk) -> None:
    with scope(desk=msp_desk):
        partner = Partner.objects.get()
        evse = Evse.objects.create(desk=msp_desk, partner=partner, label=EVSE_ID, evse_id=EVSE_ID)
    session = record_authorisation(msp_desk, authorisation(evse_id="DENDLE44211"))
    assert (session.evse, session.partner) == (evse, partner)


def test_an_authorisation_without_an_evse_gets_its_place_from_the_start(msp_desk: Desk) -> None:
    assert record_authorisation(msp_desk, authorisation(evse_id="")).evse_key == ""
    assert record_notification(msp_desk, notification()).evse_key == "DENDLE44211"


def test_at_a_cpo_the_other_company_is_the_msp(cpo_desk: Desk, msp_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        partner = Partner.objects.get()
        evse = build_evse(build_station(cpo_desk), EVSE_ID)
    session = record_authorisation(cpo_desk, authorisation())
    assert (session.evse, session.partner) == (evse, partner)


def test_a_remote_start_by_contract_is_found_by_the_card_of_that_contract(msp_desk: Desk) -> None:
    with scope(desk=msp_desk):
        Token.objects.create(desk=msp_desk, value=CARD, contract_id="DE-VPS-C00012345-2")
    session = record_authorisation(
        msp_desk, authorisation(step=Step.REMOTE_START, token=TokenSaid(contract_id="DE-VPS-C00012345"))
    )
    assert session.token_key == CARD


def test_the_same_session_id_at_another_desk_is_another_session(msp_desk: Desk, cpo_desk: Desk) -> None:
    assert record_cdr(msp_desk, cdr()).pk != record_cdr(cpo_desk, cdr()).pk


@pytest.mark.parametrize("session_id", ["", "   ", "Ж" * 8, "\0", "x" * 251])
def test_a_message_without_a_usable_session_id_is_refused_and_stores_nothing(msp_desk: Desk, session_id: str) -> None:
    with pytest.raises(EvidenceRefused, match="session id"):
        record_cdr(msp_desk, cdr(ids=SessionIds(session_id)))
    assert stored(msp_desk)[0] == []


def test_text_that_a_database_cannot_hold_does_no_harm(msp_desk: Desk) -> None:
    said = cdr(evse_id="\0DE*\ud800", operator_id="x" * 99, token=TokenSaid(uid="no card", contract_id="\0"))
    session = record_cdr(msp_desk, said)
    assert (session.evse_key, session.token_key) == ("DE", "")


def test_of_a_session_at_our_own_station_the_station_knows_times_and_energy_better(cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        station = build_station(cpo_desk)
        evse = build_evse(station, EVSE_ID)
        session = Session.objects.create(
            desk=cpo_desk, station=station, evse=evse, transaction_id="77", token_key=CARD, started_at=minutes(1),
            ended_at=minutes(50), energy_kwh=Decimal("7.4"), observed_at=minutes(50),
        )  # fmt: skip
    name_session(cpo_desk, session, SESSION)
    assert record(cpo_desk, authorisation(origin=Origin(minutes(2), sent_by_us=True))).pk == session.pk
    with scope(desk=cpo_desk):
        session.refresh_from_db()
    assert (session.started_at, session.ended_at, session.energy_kwh) == (minutes(1), minutes(50), Decimal("7.4"))
    assert (session.session_id, session.grade, session.observed_at) == (SESSION, "authorised", minutes(50))
