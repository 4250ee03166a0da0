"""Which printed label belongs to which connector."""

from __future__ import annotations

import pytest
from django_scopes import scope

from builders import build_station
from roamdesk.charging.models import Evse, Plug
from roamdesk.charging.services import RegistrationRefused, label_connector
from roamdesk.desks.models import Desk

pytestmark = pytest.mark.django_db


def test_a_label_told_again_corrects_the_connector(cpo_desk: Desk) -> None:
    with scope(desk=cpo_desk):
        build_station(cpo_desk, "NDL-7")
        label_connector(cpo_desk, "NDL-7", "DE*NDL*E7001*1")
        corrected = label_connector(cpo_desk, "NDL-7", "DE*NDL*E7001*2", plug=Plug.CCS_CABLE, place_hint="left")
        assert [evse.label for evse in Evse.objects.filter(desk=cpo_desk)] == ["DE*NDL*E7001*2"]
    assert (corrected.label_key, corrected.plug, corrected.place_hint) == ("DENDLE70012", "ccs_cable", "left")


@pytest.mark.parametrize(
    ("identity", "wrong", "mend"),
    [
        ("NDL-8", {}, "No station 'NDL-8'"),
        ("NDL-7", {"plug": "schuko"}, "'schuko' is no plug"),
        ("NDL-7", {"connector_number": 0}, "numbered from 1"),
    ],
)
def test_what_cannot_be_mapped_is_refused_with_the_mend(
    cpo_desk: Desk, identity: str, wrong: dict[str, object], mend: str
) -> None:
    with scope(desk=cpo_desk):
        build_station(cpo_desk, "NDL-7")
        with pytest.raises(RegistrationRefused, match=mend):
            label_connector(cpo_desk, identity, "DE*NDL*E7001*1", **wrong)  # type: ignore[arg-type]
        assert not Evse.objects.filter(desk=cpo_desk).exists()
