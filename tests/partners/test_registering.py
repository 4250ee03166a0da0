from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django_scopes import scope

from roamdesk.desks.models import Desk
from roamdesk.partners import services
from roamdesk.partners.models import Partner

CPO: dict[str, Any] = {"plays_cpo": True, "operator_ids": ["NL*KWK"]}

AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


def test_a_new_partner_sits_where_the_desk_does_unless_told_otherwise(cpo: Partner) -> None:
    here = services.put_partner(cpo.desk, "  Hier  GmbH ", CPO, at=AT)
    dutch = {"plays_msp": True, "country": "NL", "zone": "Europe/Amsterdam"}
    there = services.put_partner(cpo.desk, "Daar", dutch, at=AT)
    assert (here.name, here.country, here.zone, here.region) == ("Hier GmbH", "DE", "Europe/Berlin", "BE")
    assert (there.country, there.zone, there.region) == ("NL", "Europe/Amsterdam", "")


def test_told_again_what_is_given_is_corrected_and_the_rest_stays(cpo: Partner) -> None:
    services.put_partner(cpo.desk, "Kilowerk", CPO, at=AT)
    again = services.put_partner(cpo.desk, "KILOWERK", {"plays_msp": True, "provider_ids": ["NL-KWK"]}, at=AT)
    assert (again.name, again.plays_cpo, again.operator_ids) == ("Kilowerk", True, ["NL*KWK"])
    assert Partner.objects.filter(desk=cpo.desk, name__iexact="kilowerk").count() == 1


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("", {}, "1 to 80 letters"),
        ("x" * 81, {}, "1 to 80 letters"),
        ("Kilo\x1bwerk", {}, "1 to 80 letters"),
        ("Kilowerk", {"plays_cpo": False, "operator_ids": []}, "say which (--cpo, --msp)"),
        ("Kilowerk", {"operator_ids": ["KILOWERK"]}, "is not an operator id"),
        ("Kilowerk", {"operator_ids": ["DENDL"]}, "DENDL is Nordlade's already"),
        ("Kilowerk", {"provider_ids": ["NL-KWK"]}, "belongs to an MSP"),
        ("Kilowerk", {"plays_msp": True, "provider_ids": ["NL"]}, "is not a provider id"),
        ("Kilowerk", {"plays_cpo": False, "plays_msp": True}, "belongs to a CPO"),
        ("Kilowerk", {"zone": "Utrecht"}, "There is no zone 'Utrecht'"),
        ("Kilowerk", {"country": "Holland", "region": ""}, "There is no country 'Holland'"),
        ("Kilowerk", {"region": "ZZ"}, "Regions: "),
    ],
)
def test_a_partner_that_cannot_stand_is_refused_and_nothing_is_stored(
    cpo: Partner, name: str, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(services.PartnerRefused) as refused:
        services.put_partner(cpo.desk, name, CPO | changes, at=AT)
    assert words in str(refused.value)
    assert list(Partner.objects.filter(desk=cpo.desk)) == [cpo]


def test_all_faults_of_a_partner_are_told_at_once(cpo: Partner) -> None:
    with pytest.raises(services.PartnerRefused) as refused:
        services.put_partner(cpo.desk, "", {"zone": "Utrecht", "country": "Holland"}, at=AT)
    assert [word for word in ("letters", "--cpo", "zone", "country") if word not in str(refused.value)] == []


def test_two_desks_know_the_same_company_each_in_its_own_words(cpo: Partner, cpo_desk: Desk) -> None:
    services.put_partner(cpo.desk, "Kilowerk", CPO, at=AT)
    with scope(desk=cpo_desk):
        theirs = services.put_partner(cpo_desk, "Kilowerk", {"plays_msp": True}, at=AT)
        assert (theirs.desk, theirs.operator_ids) == (cpo_desk, [])
        with pytest.raises(services.PartnerRefused, match="Partners: Kilowerk, VoltPass"):
            services.the_partner(cpo_desk, "Nordlade")
