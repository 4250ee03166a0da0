from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from procrastinate.contrib.django import app

from roamdesk.server import options, prepare, tasks

MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"


@pytest.fixture
def static_root(tmp_path: Path, settings: LazySettings) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": MANIFEST}}
    return tmp_path / "static"


def test_static_files_are_collected_once_and_again_when_one_changes(
    static_root: Path, settings: LazySettings, tmp_path: Path
) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "page.css").write_text("body { margin: 0 }")
    settings.STATICFILES_DIRS = [ours]
    assert prepare.collect_static_files()
    assert not prepare.collect_static_files()
    (ours / "page.css").write_text("body { margin: 1px }")
    assert prepare.collect_static_files()
    assert len(list(static_root.glob("page.*.css"))) == 1


def test_a_database_that_is_up_to_date_misses_no_migration(db: None) -> None:
    assert prepare.missing_migrations() == []


def test_the_cache_table_is_made_where_only_it_is_missing_and_nothing_is_said(
    db: None, capfd: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE server_cache")
    prepare.prepare_tables()
    cache.set("said", "hello")
    prepare.prepare_tables()
    assert cache.get("said") == "hello"
    assert capfd.readouterr() == ("", "")


def test_models_and_migrations_agree(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_first_secret_key_is_kept_and_ours_alone(tmp_path: Path) -> None:
    first = options.secret_from(tmp_path / "var")
    assert len(first) > 50
    assert options.secret_from(tmp_path / "var") == first
    assert os.listdir(tmp_path / "var") == ["secret-key"]
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o077 == 0


@pytest.fixture
def jobs(transactional_db: None) -> Iterator[None]:
    """No job is left behind: the tables of jobs are not among those that a test empties."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


async def test_the_job_of_a_killed_worker_is_cleared_away(jobs: None) -> None:
    job_id = await tasks.tidy_jobs.defer_async(timestamp=0)
    await _let_a_dead_worker_have(job_id)
    assert await tasks.tidy_jobs(timestamp=0) == 1
    assert list(await app.job_manager.list_jobs_async(id=job_id)) == []


async def test_a_job_whose_worker_lives_is_left_alone(jobs: None) -> None:
    job_id = await tasks.tidy_jobs.defer_async(timestamp=0)
    await _let_a_dead_worker_have(job_id, silent_for=timedelta(seconds=1))
    await tasks.tidy_jobs(timestamp=0)
    [job] = await app.job_manager.list_jobs_async(id=job_id)
    assert job.status == "doing"


async def _let_a_dead_worker_have(job_id: int, silent_for: timedelta = timedelta(minutes=5)) -> None:
    await sync_to_async(_write_worker)(job_id, datetime.now(UTC) - silent_for)


def _write_worker(job_id: int, heard_at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id", [heard_at])
        [worker_id] = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [worker_id, job_id]
        )
