from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from django.db import connection

from roamdesk.desks.models import Desk
from roamdesk.server import cli, options
from roamdesk.server.prepare import has_cache_table
from server.conftest import Type

COMMANDS = [
    "serve", "web", "worker", "stations", "desk", "desk add", "user", "user add", "doctor", "partner", "partner add",
    "partner line", "partner list", "station", "station add", "evse", "evse import", "token", "token import",
]  # fmt: skip


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_help_teaches_what_to_try_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "roamdesk serve --demo" in said
    assert "roamdesk user add olga --desk voltpass --role operator" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert f"usage: roamdesk {command}" in capsys.readouterr().out


def test_the_first_desk_brings_the_tables_with_it(typed: Type) -> None:
    run_sql("DROP TABLE server_cache")
    words = ["--name", "VoltPass", "--msp", "--prefix", "VPS", "--mail-from", "support@voltpass.example"]
    assert typed("desk", "add", "voltpass", *words).code == 0
    assert has_cache_table()


def test_missing_tables_are_said_with_what_brings_them(typed: Type, cpo_desk: Desk) -> None:
    run_sql("DROP TABLE charging_refusedstation")
    said = typed("station", "list", "--desk", "nordlade")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("Start `roamdesk web` or `serve`: they bring them up to date.\n")


def run_sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_unknown_command_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serv"])
    assert ended.value.code == 2
    assert "serve" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_taken_port_is_one_line_before_anything_starts(
    command: str, taken_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(options.LISTEN.name, f"127.0.0.1:{taken_port}")
    monkeypatch.setenv(options.DATABASE_URL.name, "postgresql://nobody@127.0.0.1:1/never-reached")
    began = time.monotonic()
    assert cli.main([command]) == 1
    assert capsys.readouterr().err == (
        f"127.0.0.1:{taken_port} is taken by another program. Stop that one, or choose another port: "
        f"ROAMDESK_LISTEN=127.0.0.1:{taken_port + 1}\n"
    )
    assert time.monotonic() - began < 1


def test_a_taken_station_port_is_said_before_anything_starts(
    taken_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(options.STATIONS_LISTEN.name, f"127.0.0.1:{taken_port}")
    assert cli.main(["stations"]) == 1
    assert "ROAMDESK_STATIONS_LISTEN=" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["desk", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999"])
def test_a_wrong_address_is_refused_with_an_example(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.LISTEN.name, text)
    with pytest.raises(SystemExit, match=r"HOST:PORT, for instance 127\.0\.0\.1:8000"):
        cli.main(["web"])


def test_a_setting_that_is_no_number_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(options.SMTP_PORT.name, "smtp")
    with pytest.raises(SystemExit, match="ROAMDESK_SMTP_PORT='smtp' is not a number"):
        options.SMTP_PORT.number()
