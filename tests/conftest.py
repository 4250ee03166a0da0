"""What every test may ask for: a real PostgreSQL, two desks that are partners, their people, an instant.

The test server lives under ``var/test-pg`` (``DATABASE_URL`` names another). Several runs may share it:
each process has a database named after its id.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db.backends.postgresql.creation import DatabaseCreation

from builders import (
    CPO_OPERATOR,
    build_cpo_desk,
    build_msp_desk,
    build_stranger_desk,
    make_partners,
    person_at,
)
from roamdesk.desks.models import Desk, Person, Role
from roamdesk.server.database import connection_settings
from roamdesk.server.embedded import EmbeddedServer

ROOT = Path(__file__).parent.parent
PREFIX = "test_roamdesk_"

# The same examples each time. `pytest --hypothesis-profile default` looks for new ones.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--corpus", help="A folder of NNN-name.eml and NNN-name.json for tests/correspondence")
    parser.addoption("--kills", type=int, help="How often tests/faults/test_killed_mail.py kills in each direction")
    parser.addoption("--vectors", help="A folder of OICP bodies with an index.json, for tests/oicp")


def pytest_configure() -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: its driver keeps an event loop running, in which no other test can run one."""
    items.sort(key=lambda item: "/tests/browser/" in str(item.path))


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """URL of the PostgreSQL server of this run."""
    named = os.environ.get("DATABASE_URL", "")
    if named:
        yield named
        return
    server = EmbeddedServer(ROOT / "var" / "test-pg", durable=False)
    url = server.start()
    _drop_databases_of_dead_runs(url)
    yield url
    server.release()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server: str) -> None:
    """Point Django at the run's server, and give this process a database of its own."""
    database = settings.DATABASES["default"]
    database.update(connection_settings(database_server), CONN_MAX_AGE=0)
    settings.STATIC_ROOT = ROOT / "var" / "test-static"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.MAIL_FOLDER = ROOT / "var" / "test-mail" / str(os.getpid())
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    DatabaseCreation._destroy_test_db = _drop_by_force
    database.setdefault("TEST", {})["NAME"] = f"{PREFIX}{os.getpid()}"


def _drop_by_force(creation: DatabaseCreation, name: str, verbosity: int) -> None:
    """A thread or process of a test that still holds a connection does not keep the database alive."""
    with creation._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _drop_databases_of_dead_runs(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_roamdesk_%'")
        for (name,) in names.fetchall():
            if not Path(f"/proc/{name.removeprefix(PREFIX)}").exists():
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder for an installation of its own: pytest's ones are closed to the database's system user."""
    with tempfile.TemporaryDirectory(prefix="roamdesk-test-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def at() -> datetime:
    """A Tuesday in March, 10:15 in Berlin."""
    return datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


@pytest.fixture
def cpo_desk(db: Any) -> Desk:
    """Nordlade (DE*NDL), a CPO, without partners until ``msp_desk`` is asked for as well."""
    return build_cpo_desk()


@pytest.fixture
def msp_desk(cpo_desk: Desk) -> Desk:
    """VoltPass (DE-VPS), an MSP; it and Nordlade are each other's partner with full contact forms."""
    desk = build_msp_desk()
    make_partners(desk, cpo_desk)
    return desk


@pytest.fixture
def cpo_operator(cpo_desk: Desk) -> Person:
    return person_at(cpo_desk, CPO_OPERATOR, Role.OPERATOR)


@pytest.fixture
def cpo_lead(cpo_desk: Desk) -> Person:
    return person_at(cpo_desk, "lena.lead", Role.TEAM_LEAD)


@pytest.fixture
def cpo_auditor(cpo_desk: Desk) -> Person:
    return person_at(cpo_desk, "arno.auditor", Role.AUDITOR)


@pytest.fixture
def msp_operator(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "olga.operator", Role.OPERATOR)


@pytest.fixture
def msp_lead(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "tom.lead", Role.TEAM_LEAD)


@pytest.fixture
def msp_auditor(msp_desk: Desk) -> Person:
    return person_at(msp_desk, "ada.auditor", Role.AUDITOR)


@pytest.fixture
def stranger(db: Any) -> Person:
    """An administrator of a third desk, who must see nothing of the other two."""
    return person_at(build_stranger_desk(), "sam.stranger", Role.ADMINISTRATOR)
