from __future__ import annotations

import re
import socket
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection
from django_scopes import scope

from builders import person_at
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.models import Case
from roamdesk.cases.services import open_case
from roamdesk.desks.models import Desk, Role
from roamdesk.server import checks, options
from roamdesk.server.commands import doctor


def said(check: checks.Check) -> list[tuple[bool, str]]:
    return [(finding.fine, finding.says) for finding in check()]


def test_a_database_that_answers_is_named_with_its_version(db: None) -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as bare:
        number = bare.info.server_version // 10000
    [(fine, says)] = said(checks.database)
    assert fine
    assert says.startswith(f"PostgreSQL {number}.")


def test_a_database_that_is_too_old_is_to_mend(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "OLDEST_POSTGRESQL", 99)
    [(fine, says)] = said(checks.database)
    assert not fine
    assert "99 or newer is needed" in says


def test_up_to_date_tables_are_fine(db: None) -> None:
    assert said(checks.tables) == [(True, "are up to date.")]


def test_a_missing_cache_table_is_to_mend_because_nobody_can_log_in(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE server_cache")
    [(fine, says)] = said(checks.tables)
    assert not fine
    assert "nobody can log in" in says
    assert "roamdesk django createcachetable" in says


def test_a_changed_past_is_said_with_case_and_event(msp_desk: Desk, at: datetime) -> None:
    with scope(desk=msp_desk):
        actor = Actor("Olga", Through.CONSOLE)
        case = open_case(msp_desk, side="msp", facts={"problem": "cable_stuck"}, actor=actor, at=at)
        Case.objects.filter(pk=case.pk).update(head="0" * 64)
    [(fine, says)] = said(checks.event_chains)
    assert not fine
    assert re.fullmatch(rf"{case.reference}, event \d+: the last events are missing\. Somebody .*", says)


def test_without_a_desk_it_says_how_to_add_one(db: None) -> None:
    assert said(checks.people) == [(False, "There is none. Add one: roamdesk desk add --help")]


def test_a_desk_without_people_says_how_to_add_them(cpo_desk: Desk) -> None:
    assert said(checks.people) == [(False, "Nobody can log in. Add someone: roamdesk user add --help")]


def test_a_desk_with_people_is_fine(cpo_desk: Desk) -> None:
    person_at(cpo_desk, "someone", Role.OPERATOR)
    assert said(checks.people) == [(True, "1, with 1 people.")]


def test_a_secret_key_that_others_can_read_is_to_mend(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(options.SECRET_KEY.name, raising=False)
    settings.VAR = tmp_path
    options.secret_from(tmp_path)
    assert said(checks.secret_key)[0][0]
    (tmp_path / "secret-key").chmod(0o644)
    [(fine, says)] = said(checks.secret_key)
    assert not fine
    assert says.endswith(f"chmod 600 {tmp_path / 'secret-key'}")


def test_a_silent_mail_relay_says_which_settings_name_it(settings: LazySettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_HOST, settings.EMAIL_PORT = closed.getsockname()
    [(fine, says)] = said(checks.mail)
    assert not fine
    assert "does not answer" in says
    assert "set ROAMDESK_SMTP_HOST and ROAMDESK_SMTP_PORT" in says


def test_a_console_open_to_others_needs_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.LISTEN.name, "0.0.0.0:8000")
    [(fine, says)] = said(checks.https)
    assert not fine
    assert "ROAMDESK_HTTPS=1" in says


def test_a_console_on_this_machine_needs_no_https() -> None:
    assert said(checks.https) == []


def test_the_settings_are_all_listed_and_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.SMTP_PASSWORD.name, "very-secret")
    listing = doctor.settings_listing()
    assert [option.name for option in options.all_options() if option.name not in listing] == []
    assert "very-secret" not in listing
    assert "ROAMDESK_SMTP_PASSWORD = (set, not shown)" in listing


def test_a_changed_setting_is_shown_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.LISTEN.name, "127.0.0.1:8888")
    assert "ROAMDESK_LISTEN = 127.0.0.1:8888   [default: 127.0.0.1:8000]" in doctor.settings_listing()
