"""The verbs about mailboxes: set one up, try it, have it fetched now, pause, remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django_scopes import scope

from roamdesk.correspondence.imap.oauth import ON_THIS_MACHINE, fetch_token, objection_to
from roamdesk.correspondence.imap.secrets import SECRETS, SecretsLocked, seal, unseal
from roamdesk.correspondence.imap.session import Session
from roamdesk.correspondence.imap.trouble import MailboxTrouble, SignInRefused
from roamdesk.correspondence.models import Mailbox
from roamdesk.desks.models import Desk

PLACE = ("host", "user", "folder")
TRY_TIMEOUT = 10.0  # seconds; a person waits for it
LONGEST_SECRET = 8000  # Microsoft's refresh tokens have about 2,000 characters


class MailboxRefused(ValueError):
    """This mailbox cannot stand as given; nothing was changed. The words say what to correct."""


@dataclass(frozen=True)
class Given:
    """What a person gives for a mailbox. A secret that is empty stays as it was."""

    name: str
    host: str
    user: str
    port: int = 993
    security: str = Mailbox.Security.TLS
    folder: str = "INBOX"
    login: str = Mailbox.Login.PASSWORD
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    since: date | None = None
    move_to: str = ""


def put_mailbox(desk: Desk, given: Given, secrets: Mapping[str, str], *, at: datetime) -> Mailbox:
    """A new mailbox; told again by its name, it is corrected.

    Raises MailboxRefused, also for another host, user or folder: mails are known by their place.
    """
    with transaction.atomic():
        found: Mailbox | None = Mailbox.objects.select_for_update().filter(desk=desk, name=given.name.strip()).first()
        mailbox = found or Mailbox(desk=desk)
        for field, value in vars(given).items():
            value = value.strip() if isinstance(value, str) else value
            if found and field in PLACE and value != getattr(found, field):
                raise MailboxRefused(
                    f"{found} is {found.user} at {found.host}, folder {found.folder}. Its mails are known by that "
                    "place: remove it and add the other one. Nothing comes twice."
                )
            setattr(mailbox, field, value)
        mailbox.secrets = seal(_kept(found) | {name: value for name, value in secrets.items() if value})
        mailbox.changed_at = at
        _check(mailbox, secrets)
        mailbox.save()
    return mailbox


def _kept(mailbox: Mailbox | None) -> dict[str, str]:
    """Secrets that no longer open are entered anew."""
    try:
        return unseal(mailbox.secrets) if mailbox else {}
    except SecretsLocked:
        return {}


def _check(mailbox: Mailbox, given: Mapping[str, str]) -> None:
    try:
        mailbox.full_clean(exclude=["desk", "secrets", "token_url"])
    except ValidationError as wrong:
        field, problems = next(iter(wrong.message_dict.items()))
        told = "" if field == "__all__" else f"{field.replace('_', ' ').capitalize()}: "
        raise MailboxRefused(f"{told}{problems[0]}") from None
    texts = [str(getattr(mailbox, field)) for field in ("host", "user", "folder", "move_to")]
    if any(not text.isprintable() for text in (*texts, *given.values())):
        raise MailboxRefused("A line break or another character that cannot be seen stands in it. Type it again.")
    if any(len(secret) > LONGEST_SECRET for secret in given.values()):
        raise MailboxRefused(f"A secret has at most {LONGEST_SECRET} characters.")
    if not 0 < mailbox.port < 65536:
        raise MailboxRefused("A port is a number from 1 to 65535: 993 for TLS, 143 for STARTTLS.")
    if mailbox.security == Mailbox.Security.NONE and mailbox.host not in ON_THIS_MACHINE:
        raise MailboxRefused(f"{mailbox.host} is another machine: choose TLS or STARTTLS, or all of it can be read.")
    if mailbox.move_to and mailbox.move_to == mailbox.folder:
        raise MailboxRefused("Mail cannot be moved to the folder that it is fetched from. Name another.")
    if why := _missing_secret(mailbox):
        raise MailboxRefused(why)


def _missing_secret(mailbox: Mailbox) -> str:
    has = unseal(mailbox.secrets)
    if mailbox.login == Mailbox.Login.PASSWORD:
        return "" if has.get("password") else "The password is missing."
    if mailbox.token_url:
        fit = mailbox.client_id and (has.get("refresh_token") or has.get("client_secret"))
        mend = "Give the client id, and a refresh token or a client secret."
        return objection_to(mailbox.token_url) or ("" if fit else f"No access token can be fetched like this. {mend}")
    return "" if has.get("access_token") else "Give an access token, or the address that gives one."


def the_mailbox(desk: Desk, name: str) -> Mailbox:
    """Raises ValueError when the desk has none of that name."""
    found: Mailbox | None = Mailbox.objects.filter(desk=desk, name=name).first()
    if found is None:
        known = ", ".join(Mailbox.objects.filter(desk=desk).order_by("name").values_list("name", flat=True))
        mend = f"It has: {known}." if known else "It has none yet."
        raise ValueError(f"{desk} has no mailbox {name!r}. {mend}")
    return found


def pause(mailbox: Mailbox, *, at: datetime) -> None:
    """Nothing is fetched until ``resume``; what was fetched stays."""
    _change(mailbox, enabled=False, changed_at=at)


def resume(mailbox: Mailbox, *, at: datetime) -> None:
    _change(mailbox, enabled=True, changed_at=at)


def fetch_now(mailbox: Mailbox, *, at: datetime) -> None:
    """Whoever holds the mailbox fetches within a few seconds, also while it waits after a failure."""
    _change(mailbox, asked_at=at)


def gap_seen(mailbox: Mailbox) -> None:
    """A person has seen that mails were missing; the number of all such mails stays."""
    _change(mailbox, gap_at=None)


def remove_mailbox(mailbox: Mailbox) -> None:
    """The mails stay, here and on the server. Its password is gone."""
    Mailbox.objects.filter(pk=mailbox.pk, desk=mailbox.desk).delete()


def _change(mailbox: Mailbox, **values: Any) -> None:
    with scope(desk=mailbox.desk):
        Mailbox.objects.filter(pk=mailbox.pk).update(**values)
    for name, value in values.items():
        setattr(mailbox, name, value)


def keep_secret(mailbox: Mailbox, name: str, value: str) -> None:
    """A server that gave a new refresh token no longer takes the old one."""
    if name not in SECRETS:
        raise ValueError(f"{name!r} is no secret of a mailbox.")
    with scope(desk=mailbox.desk), transaction.atomic():
        row = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
        mailbox.secrets = row.secrets = seal(unseal(row.secrets) | {name: value})
        row.save(update_fields=["secrets"])


def sign_in(session: Session, mailbox: Mailbox, now: datetime) -> datetime | None:
    """As the row says. Until when the access token lasts, where one was fetched.

    Raises SignInRefused, MailboxTrouble.
    """
    try:
        secrets = unseal(mailbox.secrets)
    except SecretsLocked as locked:
        raise SignInRefused(str(locked)) from None
    if mailbox.login == Mailbox.Login.PASSWORD:
        session.sign_in(secrets.get("password", ""))
        return None
    token = fetch_token(mailbox, secrets, now)
    if token.refresh and token.refresh != secrets.get("refresh_token"):
        keep_secret(mailbox, "refresh_token", token.refresh)
    session.sign_in_with_token(token.access)
    return token.until


def try_mailbox(mailbox: Mailbox, *, at: datetime) -> str:
    """Sign in, look, leave, and have it fetched now; what was found, in a sentence. Takes nothing itself.

    Raises MailboxTrouble with what keeps it from working.
    """
    with Session(mailbox, timeout=TRY_TIMEOUT) as session:
        sign_in(session, mailbox, at)
        folder = session.select()
        how = "new mail is told at once" if session.can_idle else "it is asked once a minute, for it offers no IDLE"
        told = f"Signed in as {mailbox.user}. {mailbox.folder} holds {folder.mails} mails; {how}."
        if mailbox.move_to and not session.can_move:
            told += " It cannot move mail (no MOVE): stored mail stays where it is."
    fetch_now(mailbox, at=at)
    return told


__all__ = [
    "Given", "MailboxRefused", "MailboxTrouble", "fetch_now", "gap_seen", "keep_secret", "pause", "put_mailbox",
    "remove_mailbox", "resume", "sign_in", "the_mailbox", "try_mailbox",
]  # fmt: skip
