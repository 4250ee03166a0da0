import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.identifiers import IdentifierError, Kind, understand


@pytest.mark.parametrize(
    ("heard", "kind", "text"),
    [
        ("ndl o472", Kind.EVSE_LABEL, "NDL0472"),
        ("04721", Kind.EVSE_LABEL, "04721"),
        ("DE*NDL*E0472*1", Kind.EVSE_LABEL, "DENDLE04721"),
        ("+49*999*000*438", Kind.EVSE_LABEL, "49999000438"),
        ("04:a2:5b:1c:9d:4f:80", Kind.TOKEN, "04A25B1C9D4F80"),
        ("DE-VPS-C00012345-U", Kind.TOKEN, "DEVPSC00012345U"),
        ("+49 30 5550 142", Kind.PHONE, "+49305550142"),
        ("0049 30 5550142", Kind.PHONE, "+49305550142"),
        ("vp-2611-0187", Kind.CASE_REFERENCE, "VP-2611-0187"),
        ("Warschauer Str. 58", Kind.ADDRESS, "Warschauer Str. 58"),
        ("warschauer", Kind.ADDRESS, "warschauer"),
    ],
)
def test_the_likeliest_reading_comes_first(heard: str, kind: Kind, text: str) -> None:
    first = understand(heard)[0]
    assert (first.kind, first.text) == (kind, text)


@pytest.mark.parametrize(
    ("heard", "kinds"),
    [
        ("4f80", {Kind.EVSE_LABEL, Kind.TOKEN}),
        ("0187", {Kind.EVSE_LABEL, Kind.TOKEN, Kind.PHONE, Kind.CASE_REFERENCE}),
        ("vp-26", {Kind.EVSE_LABEL, Kind.CASE_REFERENCE}),
        ("030 5550142", {Kind.EVSE_LABEL, Kind.TOKEN, Kind.PHONE}),
        ("   ", set()),
    ],
)
def test_a_half_typed_text_keeps_every_reading_open(heard: str, kinds: set[Kind]) -> None:
    assert {reading.kind for reading in understand(heard)} == kinds


def test_a_correction_is_said() -> None:
    assert understand("ndl o47i")[0].why == 'Heard "o", read as zero; Heard "i", read as one'


@given(st.text(max_size=60))
def test_any_text_is_understood_or_as_nothing(heard: str) -> None:
    readings = understand(heard)
    assert all(reading.why and reading.text for reading in readings)
    assert len({reading.kind for reading in readings}) == len(readings)


def test_ten_megabytes_are_refused() -> None:
    with pytest.raises(IdentifierError, match="Too long"):
        understand("a" * 10_000_000)
