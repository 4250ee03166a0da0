"""Logging in, and where a person lands."""

from __future__ import annotations

import pytest
from django.test import Client

from builders import PASSWORD, build_msp_desk, person_at
from roamdesk.desks.models import Desk, Person, Role

LOGIN = "/account/login/"
TOTP = "/account/2fa/totp/activate/"


def log_in(client: Client, name: str, password: str = PASSWORD) -> int:
    return client.post(LOGIN, {"login": name, "password": password}).status_code


def test_a_visitor_is_led_to_the_login(client: Client, db: None) -> None:
    assert client.get("/")["Location"] == f"{LOGIN}?next=/"


def test_a_person_with_one_desk_lands_in_its_queue(client: Client, cpo_operator: Person) -> None:
    assert log_in(client, cpo_operator.username) == 302
    assert client.get("/")["Location"] == "/d/nordlade/queue"


def test_the_mail_address_logs_in_as_well(client: Client, cpo_operator: Person) -> None:
    assert log_in(client, cpo_operator.email) == 302


def test_a_person_with_two_desks_chooses(client: Client, cpo_desk: Desk, cpo_operator: Person) -> None:
    person_at(build_msp_desk(), cpo_operator.username, Role.OPERATOR)
    client.force_login(cpo_operator)
    page = client.get("/").content.decode()
    assert 'href="/d/nordlade/queue"' in page
    assert 'href="/d/voltpass/queue"' in page


def test_a_person_without_a_desk_is_told_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(Person.objects.create_user("new.person", password=PASSWORD))
    assert "Ask the administrator" in client.get("/").content.decode()


def test_a_wrong_password_says_so_and_lets_nobody_in(client: Client, cpo_operator: Person) -> None:
    answer = client.post(LOGIN, {"login": cpo_operator.username, "password": "wrong"})
    assert "not correct" in answer.content.decode()
    assert client.get("/").status_code == 302


def test_guessing_is_stopped_even_with_the_right_password_in_the_end(client: Client, cpo_operator: Person) -> None:
    for _ in range(5):
        assert log_in(client, cpo_operator.username, "wrong") == 200
    assert log_in(client, cpo_operator.username) == 200
    assert client.get("/")["Location"].startswith(LOGIN)


def test_nobody_registers_by_himself(client: Client, db: None) -> None:
    answer = client.post("/account/signup/", {"username": "intruder", "password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 200
    assert not Person.objects.exists()


def test_a_second_factor_can_be_set_up_by_who_knows_the_password(client: Client, cpo_operator: Person) -> None:
    log_in(client, cpo_operator.username)
    confirm = client.get(TOTP)["Location"]
    page = client.post(confirm, {"password": PASSWORD, "next": TOTP}, follow=True).content.decode()
    assert "data:image/svg+xml" in page
    assert 'name="code"' in page


@pytest.mark.parametrize("address", ["/", LOGIN, "/account/2fa/", "/account/password/change/", "/nowhere"])
def test_every_page_keeps_to_itself(client: Client, cpo_operator: Person, address: str) -> None:
    client.force_login(cpo_operator)
    answer = client.get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert "style=" not in answer.content.decode()


def test_the_session_cookie_is_out_of_reach_for_scripts(client: Client, cpo_operator: Person) -> None:
    log_in(client, cpo_operator.username)
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"
