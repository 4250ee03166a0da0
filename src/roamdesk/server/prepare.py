"""What has to be in place before the first page: the database's tables and the collected static files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

MIGRATION_LOCK = 0x726F616D


def prepare() -> None:
    """Bring tables and static files up to date. Several machines may do so at once."""
    prepare_tables()
    collect_static_files()
    connection.close()


def prepare_tables() -> None:
    """Bring the tables up to date, that of the cache included, which no migration makes."""
    with _one_at_a_time():
        if missing_migrations():
            call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)


def missing_migrations() -> list[str]:
    """Migrations that this version knows and the database has not seen, by name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _ in plan]


def has_cache_table() -> bool:
    """It counts failed logins: without it nobody can log in."""
    return settings.CACHES["default"]["LOCATION"] in connection.introspection.table_names()


def collect_static_files() -> bool:
    """Collect them when they are not those of the last time; true when they were collected."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = _static_digest()
    if stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(now)
    return True


def _static_digest() -> str:
    """Changes when a static file is added, removed or written to."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda entry: entry[0]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
