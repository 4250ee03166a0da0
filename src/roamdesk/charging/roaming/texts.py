"""Text from outside, as the database can hold it."""

from __future__ import annotations


def clean(text: str, longest: int | None = None) -> str:
    """Without NUL and half characters, which PostgreSQL cannot store, and cut to ``longest`` characters."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "")[:longest]
