"""What keeps a mailbox from being fetched, in words for the person who can mend it."""

from __future__ import annotations


class MailboxTrouble(Exception):
    """``str()`` is what happened, and what mends it where that is known."""

    def __init__(self, words: str, mend: str = "") -> None:
        super().__init__(f"{' '.join(words.split()).rstrip('.')}. {mend}".strip())


class SignInRefused(MailboxTrouble):
    """The server does not take user and password, or the access token."""
