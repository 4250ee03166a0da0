"""What `roamdesk demo` says, and what it refuses."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import override_settings
from django_scopes import scope, scopes_disabled

from builders import build_stranger_desk
from roamdesk.cases import services
from roamdesk.cases.actors import Actor, Through
from roamdesk.cases.models import Case, Event
from roamdesk.charging.models import Station
from roamdesk.demo import commands
from roamdesk.demo.data import seed
from roamdesk.demo.desks import LOGINS, PASSWORD
from roamdesk.demo.directory import SIMULATED
from roamdesk.demo.mailbox import Mailbox
from roamdesk.demo.plays import ALL
from roamdesk.demo.plays.play import Play
from roamdesk.demo.resetting import ResetRefused, reset
from roamdesk.demo.stage import Stage
from roamdesk.demo.surroundings import NoDemoHere, demo_is_running, surroundings
from roamdesk.desks.models import Desk

STATEMENT = re.compile(r"[SA]\d{1,2}")


def test_the_list_names_each_play_with_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(play.name in told and play.about in told for play in ALL)
    assert all(STATEMENT.fullmatch(one) for play in ALL for one in play.statements.split())


def test_the_list_says_which_station_does_what(capsys: pytest.CaptureFixture[str]) -> None:
    commands.main(["list"])
    told = capsys.readouterr().out
    assert re.search(r"DE\*NDL\*E0209\*1 +BER-TEG-003 +ocpp1\.6 +never answers", told)
    assert len(re.findall("ocpp", told)) == len(SIMULATED)


@pytest.mark.parametrize("words", [["--help"], ["play", "--help"]])
def test_help_teaches_and_ends_well(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(words)
    assert ended.value.code == 0
    assert "play" in capsys.readouterr().out


def test_the_tables_are_prepared_before_the_desks_are_set_up_and_not_for_a_listing(db: None) -> None:
    desks_when_prepared: list[int] = []
    commands.main(["list"], lambda: desks_when_prepared.append(-1))
    assert commands.main(["seed"], lambda: desks_when_prepared.append(Desk.objects.count())) == 0
    assert (desks_when_prepared, Desk.objects.count()) == ([0], 2)


def test_a_play_that_does_not_exist_is_answered_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["play", "cable_fried"])
    assert ended.value.code == 2
    assert "cable_freed" in capsys.readouterr().err


def test_the_welcome_names_every_login_and_the_first_thing_to_try() -> None:
    told = "\n".join(commands.welcome())
    assert all(login.username in told for login in LOGINS)
    assert PASSWORD in told
    assert "04721" in told


@contextmanager
def something_that_says(greeting: bytes) -> Iterator[str]:
    """HOST:PORT of a server that greets and no more."""

    class Greeter(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(greeting)
            self.request.recv(100)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeter) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def installation(stations: str, relay: str) -> Iterator[None]:
    host, _, port = relay.rpartition(":")
    with override_settings(STATIONS_LISTEN=stations, EMAIL_HOST=host, EMAIL_PORT=int(port)):
        yield


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_demo_runs_where_stations_are_served_and_the_mail_server_is_the_demos_own() -> None:
    with something_that_says(b"") as stations:
        with something_that_says(b"220 host Roamdesk demo mail\r\n") as ours, installation(stations, ours):
            assert demo_is_running()
        with something_that_says(b"220 relay.example ESMTP\r\n") as foreign, installation(stations, foreign):
            assert not demo_is_running()
    with installation(free_address(), free_address()):
        assert not demo_is_running()


def test_nothing_is_played_on_an_installation_that_is_no_demo() -> None:
    with (
        something_that_says(b"") as stations,
        installation(stations, free_address()),
        pytest.raises(NoDemoHere, match="roamdesk serve --demo"),
        surroundings(),
    ):
        pass


@pytest.fixture
def nothing_runs(seeded: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ROAMDESK_LOG_LEVEL", "INFO")
    with installation(free_address(), free_address()), override_settings(VAR=tmp_path):
        yield


@pytest.mark.usefixtures("nothing_runs")
def test_a_play_says_who_does_what_by_which_statement_and_what_is_owed(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["play", "danger_direct"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"1  Milo Hansen: phones Nordlade", told)
    assert re.search(r"Petra J\. \(Nordlade\): Ask: is anyone hurt, does anything burn\? \(A5, A6\)", told)
    assert re.search(r"Nordlade owes: Send the success notice, or decline it, 14:\d\d left until \d\d:\d\d UTC", told)
    assert re.search(r"accepted by the relay: 250", told)
    assert re.search(r"Played\. Cases: NL-\d{4}-\d{4}\.", told)


@pytest.mark.usefixtures("nothing_runs")
def test_a_play_that_comes_to_a_halt_says_at_what(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def halting(stage: Stage) -> None:
        stage.happenings.until("The sunrise", lambda: False, 0.05)

    monkeypatch.setattr("roamdesk.demo.commands.play_named", lambda _: Play("cannot_start", "", "S28", halting))
    assert commands.main(["play", "cannot_start"]) == 1
    assert "cannot_start came to a halt. The sunrise did not happen" in capsys.readouterr().err


@pytest.fixture
def case(seeded: datetime, at: datetime) -> Case:
    desk = Desk.objects.get(slug="voltpass")
    with scope(desk=desk):
        facts = {"caller": "user", "problem": "other"}
        return services.open_case(desk, side="msp", facts=facts, actor=Actor("Mara", Through.DEMO), at=at)


def test_a_reset_throws_cases_and_mails_away_and_keeps_desks_and_stations(
    case: Case, at: datetime, tmp_path: Path
) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.keep("a@x.example", ["b@x.example"], b"Subject: x\r\n\r\nx", at)
    with scopes_disabled():
        stations = set(Station.objects.values_list("pk", flat=True))
        assert reset(at, mailbox) >= 1
        assert (Case.objects.count(), Event.objects.count(), mailbox.mails()) == (0, 0, [])
        assert set(Station.objects.values_list("pk", flat=True)) == stations


def test_a_reset_asks_first(case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "")
    with override_settings(VAR=tmp_path):
        assert commands.main(["reset"]) == 1
    with scopes_disabled():
        assert Case.objects.filter(pk=case.pk).exists()


def test_a_reset_is_refused_where_another_desk_works(case: Case, at: datetime, tmp_path: Path) -> None:
    stranger = build_stranger_desk()
    with pytest.raises(ResetRefused, match="Ladeviert"):
        reset(at, Mailbox(tmp_path))
    stranger.delete()
    with scopes_disabled():
        assert Case.objects.filter(pk=case.pk).exists()


@pytest.mark.usefixtures("transactional_db")
def test_public_passwords_are_not_brought_to_an_installation_where_others_work(at: datetime) -> None:
    with transaction.atomic(), scopes_disabled():
        Desk.objects.all().update(slug=Concat(Value("own-"), "slug"))
        build_stranger_desk()
        with pytest.raises(SystemExit, match=r"Ladeviert.*ROAMDESK_VAR"):
            seed(at)
        transaction.set_rollback(True)
