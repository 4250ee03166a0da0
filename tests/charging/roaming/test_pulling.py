from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scope

from builders import build_evse, build_station
from roamdesk.charging.models import Evse, EvseRecord, HotlineChange, Pull, RefusedRecord
from roamdesk.charging.roaming.said_of_evses import EvseSaid, Page, RecordRefused
from roamdesk.charging.roaming.services import (
    PullRefused,
    begin_pull,
    decide_pull,
    finish_pull,
    import_evses,
    last_as_of,
    record_cdr,
    take_page,
)
from roamdesk.charging.selectors import find_evse
from roamdesk.desks.models import Desk
from roamdesk.partners.models import Partner
from roaming_messages import cdr


def said(evse_id: str, **changes: Any) -> EvseSaid:
    values: dict[str, Any] = {
        "raw": f'{{"EvseID": "{evse_id}", "and": "{sorted(changes.items())}"}}',
        "operator_id": "DE*NDL",
        "address": "Warschauer Straße 58, 10243 Berlin",
        "country": "DE",
        "station_id": "ST-77",
        "names": "Ostkreuz Süd",
        "place": "Level -2, spot 14",
        "plugs": ("type2_socket",),
        "hotline": "+493055501420",
    }
    return EvseSaid(evse_id, **values | changes)


def pages(*lots: Sequence[EvseSaid | RecordRefused]) -> Any:
    return lambda number: Page(number, lots[number], number == len(lots) - 1)


def load(desk: Desk, *lots: Sequence[EvseSaid | RecordRefused], at: datetime, whole: bool = True) -> Pull:
    fetch = pages(*lots)
    return import_evses(desk, fetch, whole=whole, as_of=at.isoformat(), clock=lambda: at, progress=lambda pull: None)


def directory(desk: Desk) -> dict[str, Evse]:
    with scope(desk=desk):
        return {evse.evse_id: evse for evse in Evse.objects.select_related("partner")}


def test_a_loaded_evse_is_found_by_everything_that_a_caller_may_read(msp_desk: Desk, at: datetime) -> None:
    load(
        msp_desk,
        [said("DE*NDL*E4421*1"), said("DE*NDL*E9999*1", address="Elsewhere 1", names="", station_id="X", place="")],
        at=at,
    )
    with scope(desk=msp_desk):
        for heard in ("4421 1", "ST-77", "ostkreuz süd", "warschauerstr 58", "level spot 14"):
            assert [hit.evse.evse_id for hit in find_evse(msp_desk, heard).hits][:1] == ["DE*NDL*E4421*1"], heard


def test_it_knows_its_company_plug_place_and_hotline_with_its_age(msp_desk: Desk, at: datetime) -> None:
    pull = load(msp_desk, [said("DE*NDL*E4421*1")], at=at)
    evse = directory(msp_desk)["DE*NDL*E4421*1"]
    assert (evse.partner and evse.partner.name, evse.plug, evse.place_hint) == (
        "Nordlade",
        "type2_socket",
        "Level -2, spot 14",
    )
    assert (evse.hotline, evse.hotline_at, evse.label) == ("+493055501420", at, "DE*NDL*E4421*1")
    assert (pull.state, pull.records, pull.added, last_as_of(msp_desk)) == ("swapped", 1, 1, at.isoformat())


def test_of_several_plugs_none_is_taken_for_granted(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [said("DE*NDL*E1", plugs=("type2_socket", "ccs_cable")), said("DE*NDL*E2", plugs=())], at=at)
    assert {evse.plug for evse in directory(msp_desk).values()} == {"unknown"}


def test_a_sub_operator_is_found_by_its_prefix(msp_desk: Desk, at: datetime) -> None:
    with scope(desk=msp_desk):
        Partner.objects.create(desk=msp_desk, name="Kleinstrom", plays_cpo=True, evse_prefixes=["DE*NDL*E08"])
    load(msp_desk, [said("DE*NDL*E0812*1", sub_operator="Kleinstrom"), said("DE*NDL*E0912*1")], at=at)
    whose = {key: str(evse.partner) for key, evse in directory(msp_desk).items()}
    assert whose == {"DE*NDL*E0812*1": "Kleinstrom", "DE*NDL*E0912*1": "Nordlade"}


def test_the_same_load_again_changes_nothing_and_keeps_no_second_record(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [said("DE*NDL*E1"), said("DE*NDL*E2")], at=at)
    again = load(msp_desk, [said("DE*NDL*E1"), said("DE*NDL*E2")], at=at + timedelta(days=1))
    assert (again.added, again.changed, again.withdrawn) == (0, 0, 0)
    with scope(desk=msp_desk):
        assert EvseRecord.objects.count() == 2


@pytest.mark.parametrize("hotline", ["+493055509999", "+03055509999", "030 5550 9999", "+00493055509999"])
def test_a_hotline_is_read_as_its_country_writes_it(msp_desk: Desk, at: datetime, hotline: str) -> None:
    load(msp_desk, [said("DE*NDL*E1", hotline=hotline)], at=at)
    assert directory(msp_desk)["DE*NDL*E1"].hotline == "+493055509999"


def test_a_changed_hotline_is_dated_and_the_old_one_remembered(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [said("DE*NDL*E1")], at=at)
    later = at + timedelta(days=1)
    load(msp_desk, [said("DE*NDL*E1", hotline="030 5550 9999")], at=later)
    evse = directory(msp_desk)["DE*NDL*E1"]
    with scope(desk=msp_desk):
        (change,) = HotlineChange.objects.values_list("before", "after", "at")
    assert (evse.hotline, evse.hotline_at, change) == (
        "+4930555099990"[:13],
        later,
        ("+493055501420", "+4930555099990"[:13], later),
    )


def test_a_whole_load_withdraws_what_it_does_not_name_and_a_later_one_brings_it_back(
    msp_desk: Desk, at: datetime
) -> None:
    load(msp_desk, [said(f"DE*NDL*E{number}") for number in range(4)], at=at)
    load(msp_desk, [said(f"DE*NDL*E{number}") for number in range(3)], at=at + timedelta(days=1))
    assert directory(msp_desk)["DE*NDL*E3"].withdrawn_at == at + timedelta(days=1)
    load(msp_desk, [said(f"DE*NDL*E{number}") for number in range(4)], at=at + timedelta(days=2))
    assert directory(msp_desk)["DE*NDL*E3"].withdrawn_at is None


def test_a_load_of_changes_withdraws_only_what_it_says_is_gone(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [said(f"DE*NDL*E{number}") for number in range(4)], at=at)
    changes = [
        said("DE*NDL*E1", gone=True),
        said("DE*NDL*E2", plugs=("ccs_cable",)),
        said("DE*NDL*E9"),
        said("DE*NDL*E8", gone=True),
    ]
    pull = load(msp_desk, changes, at=at + timedelta(hours=1), whole=False)
    assert (pull.added, pull.changed, pull.withdrawn) == (1, 1, 1)
    now = directory(msp_desk)
    assert [key for key, evse in sorted(now.items()) if evse.withdrawn_at] == ["DE*NDL*E1"]
    assert now["DE*NDL*E2"].plug == "ccs_cable"


def test_our_own_evses_are_never_replaced(cpo_desk: Desk, at: datetime) -> None:
    with scope(desk=cpo_desk):
        ours = build_evse(build_station(cpo_desk), "DE*NDL*E1", place_hint="left socket")
        Evse.objects.create(desk=cpo_desk, label="DE*NDL*E2", evse_id="DE*NDL*E2", address="Known to us 1")
    load(cpo_desk, [said("DE*NDL*E1", place="elsewhere"), said("DENDLE2"), said("DE*XYZ*E3")], at=at)
    load(cpo_desk, [said("DE*XYZ*E3")], at=at + timedelta(days=1))
    now = directory(cpo_desk)
    assert (now["DE*NDL*E1"].place_hint, now["DE*NDL*E1"].station_id) == ("left socket", ours.station_id)
    assert (now["DE*NDL*E2"].address, now["DE*NDL*E2"].withdrawn_at) == ("Known to us 1", None)
    assert set(now) == {"DE*NDL*E1", "DE*NDL*E2", "DE*XYZ*E3"}


def test_what_a_person_entered_for_a_partners_evse_stays_where_the_hub_says_nothing(
    msp_desk: Desk, at: datetime
) -> None:
    with scope(desk=msp_desk):
        Evse.objects.create(
            desk=msp_desk, partner=Partner.objects.get(), label="NDL 4421 left", evse_id="DE*NDL*E4421*1",
            plug="type2_socket", place_hint="left socket",
        )  # fmt: skip
    load(msp_desk, [said("DENDLE44211", plugs=(), place="", address="New Road 1")], at=at)
    (evse,) = directory(msp_desk).values()
    assert (evse.label, evse.plug, evse.place_hint, evse.address) == (
        "NDL 4421 left",
        "type2_socket",
        "left socket",
        "New Road 1",
    )


def test_an_evse_that_stands_twice_in_a_load_is_taken_once_and_the_other_is_shown(msp_desk: Desk, at: datetime) -> None:
    pull = load(msp_desk, [said("DE*NDL*E1", place="first")], [said("DENDLE1", place="second")], at=at)
    with scope(desk=msp_desk):
        assert Evse.objects.get().place_hint == "second"
        refused = RefusedRecord.objects.get()
    assert (pull.doubled, refused.evse_id, "more than once" in refused.reason) == (1, "DE*NDL*E1", True)


def test_of_an_evse_that_stands_twice_in_a_page_and_again_in_the_next_the_last_counts(
    msp_desk: Desk, at: datetime
) -> None:
    one, bad = said("DE*NDL*E1"), RecordRefused("No EvseID.", "{}")
    first = [one, said("DE*NDL*E2"), bad, said("DENDLE1", place="second")]
    pull = load(msp_desk, first, [said("DE*NDL*E3"), said("DE*NDL*E1", place="third")], at=at)
    with scope(desk=msp_desk):
        assert {evse.evse_id: evse.place_hint for evse in Evse.objects.filter(place_hint="third")} == {
            "DE*NDL*E1": "third"
        }
        pages = sorted(RefusedRecord.objects.values_list("page", "evse_id"))
    assert pages == [(0, ""), (0, "DE*NDL*E1"), (0, "DENDLE1")]
    assert (pull.records, pull.refused, pull.doubled, pull.added) == (6, 1, 2, 3)


@pytest.mark.parametrize("evse_id", ["", "***", "\0", "D" * 49, "DE*NDL*E\n1"])
def test_a_record_that_cannot_stand_is_refused_with_its_reason_and_its_text(
    msp_desk: Desk, at: datetime, evse_id: str
) -> None:
    bad = EvseSaid(evse_id, raw="as it came")
    pull = load(msp_desk, [said("DE*NDL*E1"), bad, RecordRefused("No EvseID.", "{}")], at=at)
    with scope(desk=msp_desk):
        reasons = {record.raw: record.reason for record in RefusedRecord.objects.all()}
    assert (pull.records, pull.refused, pull.added) == (3, 2, 1)
    assert (reasons["{}"], "EVSE id" in reasons["as it came"]) == ("No EvseID.", True)


def test_a_record_of_nothing_but_an_id_is_taken(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [EvseSaid("CH*SWISSCHARGE*E7", raw="{}"), EvseSaid("+49*999*000*438", raw="\0\ud800")], at=at)
    assert set(directory(msp_desk)) == {"CH*SWISSCHARGE*E7", "+49*999*000*438"}


def test_a_page_that_is_missing_is_asked_for_and_nothing_is_swapped(msp_desk: Desk, at: datetime) -> None:
    pull = begin_pull(msp_desk, whole=True, as_of="", at=at)
    take_page(pull, Page(0, [said("DE*NDL*E1")], last=False), at)
    with pytest.raises(PullRefused, match="Page 1 is missing"):
        take_page(pull, Page(2, [said("DE*NDL*E2")], last=True), at)
    with pytest.raises(PullRefused, match="last page is not there"):
        finish_pull(pull, at)
    assert directory(msp_desk) == {}


def test_a_load_that_was_cut_off_goes_on_at_its_next_page(msp_desk: Desk, at: datetime) -> None:
    asked: list[int] = []

    def breaks_at_page_1(number: int) -> Page:
        asked.append(number)
        if number == 1 and asked.count(1) == 1:
            raise ConnectionError
        return Page(number, [said(f"DE*NDL*E{number}")], number == 2)

    for expectation in (pytest.raises(ConnectionError), pytest.raises(StopIteration)):
        with expectation:
            import_evses(
                msp_desk, breaks_at_page_1, whole=True, as_of="then", clock=lambda: at, progress=lambda pull: None
            )
            raise StopIteration
    assert (asked, len(directory(msp_desk))) == ([0, 1, 1, 2], 3)


def test_a_load_left_lying_for_long_is_begun_anew(msp_desk: Desk, at: datetime) -> None:
    take_page(begin_pull(msp_desk, whole=True, as_of="", at=at), Page(0, [said("DE*NDL*E1")], last=False), at)
    assert begin_pull(msp_desk, whole=True, as_of="", at=at + timedelta(hours=13)).next_page == 0
    with scope(desk=msp_desk):
        assert EvseRecord.objects.count() == 0


def test_a_file_never_goes_on_where_the_hub_was_cut_off(msp_desk: Desk, at: datetime) -> None:
    take_page(begin_pull(msp_desk, whole=True, as_of="", at=at), Page(0, [said("DE*NDL*E1")], last=False), at)
    assert begin_pull(msp_desk, whole=True, as_of="", source="list.json", at=at).next_page == 0
    with scope(desk=msp_desk):
        assert EvseRecord.objects.count() == 0


def test_changes_are_asked_for_unless_a_file_replaced_the_directory(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [said("DE*NDL*E1")], at=at)
    for whole, as_of in ((False, at.isoformat()), (True, "")):
        import_evses(
            msp_desk, pages([said("DE*NDL*E2")] * 2), whole=whole, as_of="", source="list.json", clock=lambda: at,
            progress=lambda pull: None,
        )  # fmt: skip
        assert last_as_of(msp_desk) == as_of


@pytest.mark.parametrize("few", [0, 1])
def test_a_load_that_would_empty_the_directory_asks_first(msp_desk: Desk, at: datetime, few: int) -> None:
    load(msp_desk, [said(f"DE*NDL*E{number}") for number in range(4)], at=at)
    pull = load(msp_desk, [said("DE*NDL*E0")] * few, at=at + timedelta(days=1))
    assert (pull.state, pull.question) == (
        "waiting",
        f"The load has {few} EVSEs, the directory 4. Withdraw those that are missing?",
    )
    assert not any(evse.withdrawn_at for evse in directory(msp_desk).values())
    decide_pull(pull, take=True, by="Nils", at=at + timedelta(days=1))
    assert sum(evse.withdrawn_at is not None for evse in directory(msp_desk).values()) == 4 - few


def test_a_load_that_was_declined_leaves_everything_as_it_was(msp_desk: Desk, at: datetime) -> None:
    load(msp_desk, [said("DE*NDL*E0")], at=at)
    pull = load(msp_desk, [], at=at + timedelta(days=1))
    decide_pull(pull, take=False, by="Nils", at=at + timedelta(days=1))
    assert directory(msp_desk)["DE*NDL*E0"].withdrawn_at is None
    with pytest.raises(PullRefused, match="no decision"):
        decide_pull(pull, take=True, by="Nils", at=at + timedelta(days=1))


def test_a_session_that_came_before_its_evse_finds_it(msp_desk: Desk, at: datetime) -> None:
    session = record_cdr(msp_desk, cdr())
    load(msp_desk, [said("DE*NDL*E4421*1")], at=at)
    with scope(desk=msp_desk):
        session.refresh_from_db()
        assert session.evse == Evse.objects.get()


def test_another_desks_directory_is_not_touched(msp_desk: Desk, cpo_desk: Desk, at: datetime) -> None:
    load(cpo_desk, [said("DE*XYZ*E1"), said("DE*XYZ*E2")], at=at)
    load(msp_desk, [said("DE*XYZ*E1")], at=at)
    assert len(directory(cpo_desk)) == 2
    assert not any(evse.withdrawn_at for evse in directory(cpo_desk).values())
