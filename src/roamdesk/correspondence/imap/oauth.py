"""Access tokens for XOAUTH2: given by hand, or fetched with a refresh token or as the application (RFC 6749)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import urllib3

from roamdesk.correspondence.imap.trouble import MailboxTrouble
from roamdesk.correspondence.models import Mailbox

ON_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
TIMEOUT = 20.0  # seconds
LIFE = 300  # seconds, where the server names none
MARGIN = timedelta(seconds=60)
MOST = 64 * 1024  # bytes of an answer
MEND = "Sign in there again and enter the new refresh token or client secret."

_pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT)


@dataclass(frozen=True)
class Token:
    """Good until ``until``; None: nobody says. ``refresh`` replaces the refresh token where it is not empty."""

    access: str
    until: datetime | None = None
    refresh: str = ""

    def is_fresh(self, now: datetime) -> bool:
        return self.until is None or now < self.until


def fetch_token(mailbox: Mailbox, secrets: dict[str, str], now: datetime) -> Token:
    """Raises MailboxTrouble with the token server's words."""
    if not mailbox.token_url:
        return Token(secrets.get("access_token", ""))
    answer = _post(mailbox.token_url, _asking(mailbox, secrets))
    access = answer.get("access_token")
    if not isinstance(access, str) or not access:
        raise MailboxTrouble(f"{_host(mailbox.token_url)} gave no access token: {_words(answer)}", mend=MEND)
    life = answer.get("expires_in")
    seconds = int(life) if isinstance(life, int | float | str) and str(life).isdecimal() else LIFE
    return Token(access, now + timedelta(seconds=min(seconds, 86_400)) - MARGIN, str(answer.get("refresh_token") or ""))


def _asking(mailbox: Mailbox, secrets: dict[str, str]) -> dict[str, str]:
    refresh = secrets.get("refresh_token", "")
    asking = {
        "grant_type": "refresh_token" if refresh else "client_credentials",
        "client_id": mailbox.client_id,
        "client_secret": secrets.get("client_secret", ""),
        "refresh_token": refresh,
        "scope": mailbox.scope,
    }
    return {name: value for name, value in asking.items() if value}


def _post(url: str, fields: dict[str, str]) -> dict[str, object]:
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        reply = _pool.urlopen("POST", url, redirect=False, body=urlencode(fields), headers=form, preload_content=False)
        try:
            body = reply.read(MOST)
        finally:
            reply.close()
        answer = json.loads(body)
    except urllib3.exceptions.HTTPError as problem:
        raise MailboxTrouble(f"{_host(url)}, which gives the access token, does not answer: {problem}") from None
    except ValueError:
        raise MailboxTrouble(f"{_host(url)} gave no JSON for an access token. Check its address.") from None
    return answer if isinstance(answer, dict) else {}


def _words(answer: dict[str, object]) -> str:
    return str(answer.get("error_description") or answer.get("error") or "no reason given")[:200]


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def objection_to(token_url: str) -> str:
    """Why secrets may not be sent there; empty when they may."""
    parts = urlsplit(token_url)
    if not parts.hostname or parts.scheme not in ("https", "http"):
        return f"{token_url!r} is no web address. Write it as https://login.example/token."
    if parts.scheme == "http" and parts.hostname not in ON_THIS_MACHINE:
        return "The token address is http: secrets would travel in the open. Write it with https."
    return ""
