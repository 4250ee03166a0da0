"""Passwords in every spelling that stations use, and security profiles that never go lower (A00, A05)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamdesk.ocpp.credentials import (
    BasicCredentials,
    SecurityProfile,
    WrongCredentials,
    identity_in,
    read_credentials,
)
from roamdesk.ocpp.limits import Allowance


def basic(user: bytes, password: bytes) -> str:
    return "Basic " + base64.b64encode(user + b":" + password).decode()


@given(st.binary(max_size=40))
def test_any_bytes_may_be_a_password(password: bytes) -> None:
    credentials = read_credentials(basic(b"NDL-1", password), "NDL-1")
    assert credentials == BasicCredentials("NDL-1", password)


def test_a_1_6_identity_may_hold_a_colon() -> None:
    assert read_credentials(basic(b"NDL:1", b"a:b"), "NDL:1") == BasicCredentials("NDL:1", b"a:b")


@given(st.text(max_size=80))
def test_any_other_header_is_refused(header: str) -> None:
    with pytest.raises(WrongCredentials):
        read_credentials(header, "a-station-that-nobody-guesses")


def test_a_key_registered_as_hex_digits_is_recognised_from_its_bytes_and_from_its_text() -> None:
    key = bytes(range(200, 220))
    assert key.hex() in BasicCredentials("x", key).password_spellings()
    assert key.hex() in BasicCredentials("x", key.hex().upper().encode()).password_spellings()


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(BasicCredentials("NDL-1", b"secret"))


@pytest.mark.parametrize(
    ("profile", "with_password", "secure", "may_come"),
    [
        (SecurityProfile.NONE, False, False, True),
        (SecurityProfile.BASIC, True, False, True),
        (SecurityProfile.BASIC, False, False, False),
        (SecurityProfile.BASIC_OVER_TLS, True, True, True),
        (SecurityProfile.BASIC_OVER_TLS, True, False, False),
        (SecurityProfile.BASIC_OVER_TLS, False, True, False),
    ],
)
def test_a_profile_lets_nobody_in_below_it(
    profile: SecurityProfile, with_password: bool, secure: bool, may_come: bool
) -> None:
    objection = profile.objection_to(with_password=with_password, secure=secure)
    assert (objection is None) is may_come


@pytest.mark.parametrize(
    ("target", "identity"),
    [
        ("/ocpp/NDL-1", "NDL-1"),
        ("/NDL-1?token=x", "NDL-1"),
        ("/a/b/NDL%3A1", "NDL:1"),
        ("/ocpp/", None),
        ("/", None),
        ("/%00", None),
        ("/%C3", None),
        ("/" + "x" * 49, None),
    ],
)
def test_the_identity_is_the_last_segment_decoded(target: str, identity: str | None) -> None:
    assert identity_in(target) == identity


def test_an_allowance_refills_with_time() -> None:
    clock = iter([0.0, 0.0, 0.0, 0.0, 0.5]).__next__
    allowance = Allowance(2, per_second=2, clock=clock)
    assert [allowance.take() for _ in range(4)] == [True, True, False, True]


def test_an_allowance_says_how_long_to_wait() -> None:
    allowance = Allowance(1, per_second=10, clock=lambda: 0.0)
    assert [round(allowance.wait_for_one(), 3) for _ in range(3)] == [0.0, 0.1, 0.2]
