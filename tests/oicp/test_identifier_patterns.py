"""Each identifier vector passes or fails the published pattern as its list says. Another list: ``--vectors DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from identifiers.test_published_vectors import BESIDE, OURS, vectors_in
from roamdesk.oicp.wire import vocabulary as words
from roamdesk.oicp.wire.findings import Findings
from roamdesk.oicp.wire.rules import Rule

MEMBERS: dict[str, Any] = {
    "EvseID": words.EvseIDText,
    "EvcoID": words.EvcoIDText,
    "OperatorID": words.OperatorIDText,
    "ProviderID": words.ProviderIDText,
    "UID": words.UIDText,
    "SessionID": words.SessionIDText,
    "PhoneNumber": words.PhoneText,
    "HashValue": words.HashText,
    "ChargingPoolID": words.PoolIDText,
    "TimeZone": words.ZoneText,
    "GeoCoordinates.Google": words.GoogleText,
    "GeoCoordinates.DecimalDegree": words.DecimalDegreeText,
    "GeoCoordinates.DegreeMinuteSeconds": words.DegreeMinuteText,
    "LanguageCode": words.LanguageText,
    "Country": words.CountryText,
    "Currency": words.CurrencyText,
    "Period": words.HourText,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "listed" in metafunc.fixturenames:
        named = metafunc.config.getoption("vectors")
        folders = [OURS, BESIDE, *([Path(named)] if named else [])]
        by_name = {f"{vector['type']} {vector['value']!a}": vector for vector in vectors_in(*folders)}
        metafunc.parametrize("listed", by_name.values(), ids=by_name)


def rule_of(member: Any) -> Rule:
    (rule,) = (mark for mark in get_args(member) if isinstance(mark, Rule))
    return rule


def test_a_value_passes_the_published_pattern_or_not(listed: dict[str, Any]) -> None:
    findings = Findings()
    assert rule_of(MEMBERS[listed["type"]]).read(listed["value"], "", findings) == listed["value"]
    assert (not findings) == listed["matches_asciidoc"]
