"""A PostgreSQL of the benchmarks' own, with fsync on, thrown away afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roamdesk.server.embedded import EmbeddedServer


@contextmanager
def scratch_database() -> Iterator[str]:
    """Its URL, with all tables made and Django set up for it. The data folder stands on the disk of ``var/``."""
    var = Path("var")
    var.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=var)).resolve()
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "pg")
    url = server.start()
    try:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "roamdesk.server.settings"}
        os.environ |= {"ROAMDESK_VAR": str(folder), "ROAMDESK_LOG_LEVEL": "WARNING"}
        _make_tables()
        yield url
    finally:
        server.release()
        shutil.rmtree(folder, ignore_errors=True)


def _make_tables() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
