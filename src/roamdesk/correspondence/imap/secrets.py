"""Passwords and tokens of mailboxes, sealed with a key that is derived from ROAMDESK_SECRET_KEY.

A copy of the database alone opens no mailbox. Why not environment variables: docs/decisions/0009-mailboxes.md.
"""

from __future__ import annotations

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

SECRETS = ("password", "access_token", "refresh_token", "client_secret")


class SecretsLocked(ValueError):
    """The secret key is another one than when they were sealed."""

    def __init__(self) -> None:
        super().__init__(
            "Its password cannot be opened: ROAMDESK_SECRET_KEY is another one than when it was stored. "
            "Set the old key, or enter the password again."
        )


def seal(secrets: dict[str, str]) -> str:
    """Only names of SECRETS with a value are kept."""
    kept = {name: value for name, value in secrets.items() if name in SECRETS and value}
    return _box().encrypt(json.dumps(kept).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Raises SecretsLocked."""
    try:
        found: dict[str, str] = json.loads(_box().decrypt(sealed.encode()))
    except InvalidToken:
        raise SecretsLocked from None
    return found


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    secret = key.encode() if isinstance(key, str) else key
    return base64.urlsafe_b64encode(hashlib.sha256(b"roamdesk.mailbox.secrets\0" + secret).digest())
