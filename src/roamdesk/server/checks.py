"""What ``roamdesk doctor`` looks at. Each check says in one line what is, and what mends it."""

from __future__ import annotations

import importlib
import smtplib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django_scopes import scope, scopes_disabled

from roamdesk.server import options
from roamdesk.server.addresses import Address

OLDEST_POSTGRESQL = 15


@dataclass(frozen=True)
class Finding:
    """``fine`` is False when something has to be mended before the desk works."""

    fine: bool
    about: str
    says: str


Check = Callable[[], Iterator[Finding]]


def all_findings() -> Iterator[Finding]:
    for check in CHECKS:
        yield from check()


def database() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int")
            version, number = cursor.fetchone()
    except DatabaseError as problem:
        first_line = str(problem).strip().splitlines()[0]
        yield Finding(False, "Database", f"does not answer: {first_line}. Check DATABASE_URL.")
        return
    if number // 10000 < OLDEST_POSTGRESQL:
        yield Finding(False, "Database", f"is PostgreSQL {version}; {OLDEST_POSTGRESQL} or newer is needed.")
    else:
        yield Finding(True, "Database", f"PostgreSQL {version} answers.")


def tables() -> Iterator[Finding]:
    from roamdesk.server.prepare import has_cache_table, missing_migrations

    try:
        missing, can_log_in = missing_migrations(), has_cache_table()
    except DatabaseError:
        return
    if missing:
        yield Finding(False, "Tables", f"{len(missing)} migrations are missing. Start `roamdesk web` or `serve`.")
    elif not can_log_in:
        mend = "Start `roamdesk web` or `serve`, or: roamdesk django createcachetable"
        yield Finding(False, "Tables", f"that of the cache is missing: nobody can log in. {mend}")
    else:
        yield Finding(True, "Tables", "are up to date.")


def people() -> Iterator[Finding]:
    from roamdesk.desks.models import Desk, Person

    try:
        desks, persons = Desk.objects.count(), Person.objects.count()
    except DatabaseError:
        return
    if not desks:
        yield Finding(False, "Desks", "There is none. Add one: roamdesk desk add --help")
    elif not persons:
        yield Finding(False, "People", "Nobody can log in. Add someone: roamdesk user add --help")
    else:
        yield Finding(True, "Desks", f"{desks}, with {persons} people.")


def secret_key() -> Iterator[Finding]:
    file = Path(settings.VAR) / "secret-key"
    if options.SECRET_KEY.text():
        yield Finding(True, "Secret key", f"comes from {options.SECRET_KEY.name}.")
    elif stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield Finding(False, "Secret key", f"others can read {file}. Mend: chmod 600 {file}")
    else:
        yield Finding(True, "Secret key", f"is kept in {file}; back it up.")


def mail() -> Iterator[Finding]:
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        client = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
        with client(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=3) as relay:
            code, _ = relay.ehlo()
    except (OSError, smtplib.SMTPException) as problem:
        mend = f"Start it, or set {options.SMTP_HOST.name} and {options.SMTP_PORT.name}."
        yield Finding(False, "Mail relay", f"{where} does not answer ({problem}). {mend} Mail waits meanwhile.")
        return
    yield Finding(code < 400, "Mail relay", f"{where} answers ({code}).")


def mail_on_its_way() -> Iterator[Finding]:
    """Mailboxes, quarantine, and what waits to be read or sent."""
    from roamdesk.correspondence.health import mail_health
    from roamdesk.desks.models import Desk

    now = datetime.now(UTC)
    try:
        found = []
        for desk in Desk.objects.order_by("slug"):
            with scope(desk=desk):
                found.append((desk.slug, mail_health(desk, now)))
    except DatabaseError:
        return
    for slug, health in found:
        for one in health.mailboxes:
            yield Finding(not one.is_alarm, "Mailbox", f"{one.mailbox} at {slug}: {one.words} {one.mend}".strip())
        if health.quarantined:
            mend = f"See: roamdesk incoming list --desk {slug}"
            yield Finding(False, "Incoming mail", f"{health.quarantined} at {slug} cannot be read. {mend}")
        if health.reads_slowly:
            told = f"{health.unread} at {slug} not read yet, the oldest of {health.oldest_unread:%d/%m %H:%M} UTC."
            yield Finding(False, "Incoming mail", f"{told} See that `roamdesk worker` runs.")
        if health.sends_slowly:
            told = f"{health.unsent} at {slug} not sent yet, the oldest of {health.oldest_unsent:%d/%m %H:%M} UTC."
            yield Finding(False, "Outgoing mail", f"{told} See the relay above, and that `roamdesk worker` runs.")


def large_mails() -> Iterator[Finding]:
    from roamdesk.correspondence import keeping
    from roamdesk.correspondence.models import IncomingMail

    try:
        # The doctor looks at the whole installation.
        with scopes_disabled():
            outside = IncomingMail.objects.filter(outside=True).values_list("sha256", "size").distinct()
            gone = [sha256 for sha256, size in outside.iterator() if not keeping.is_there(sha256, size)]
    except DatabaseError:
        return
    if gone:
        mend = f"Restore the folder from the backup, or name the right one in {options.MAIL_FOLDER.name}."
        yield Finding(False, "Large mails", f"{len(gone)} are not in {settings.MAIL_FOLDER}, {gone[0]} first. {mend}")


def ports() -> Iterator[Finding]:
    incoming = [("Mail", option) for option in (options.MAIL_LISTEN, options.LMTP_LISTEN) if option.text()]
    for about, option in (("Console", options.LISTEN), ("Stations", options.STATIONS_LISTEN), *incoming):
        address = Address.of(option)
        state = "is free: not running" if address.is_free() else "is in use: running, or taken by another program"
        yield Finding(True, about, f"{option.text()} {state}.")


def https() -> Iterator[Finding]:
    local = Address.of(options.LISTEN).host in {"127.0.0.1", "::1", "localhost"}
    if not options.HTTPS.yes() and not local:
        mend = f"Put a proxy with TLS before it and set {options.HTTPS.name}=1."
        yield Finding(False, "Transport", f"the console is open to others without https. {mend}")


def event_chains() -> Iterator[Finding]:
    try:
        integrity = importlib.import_module("roamdesk.cases.integrity")
        broken = [str(fault) for fault in integrity.verify_chains()]
    except (ModuleNotFoundError, DatabaseError):
        return
    if not broken:
        yield Finding(True, "Case history", "every event chain is whole.")
    for fault in broken:
        yield Finding(False, "Case history", f"{fault}. Somebody changed the past: compare with a backup.")


CHECKS: tuple[Check, ...] = (
    database, tables, people, secret_key, mail, mail_on_its_way, large_mails, ports, https, event_chains,
)  # fmt: skip
