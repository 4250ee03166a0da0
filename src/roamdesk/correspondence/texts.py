"""Text modules: the shipped ones, and each desk's own in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from roamdesk.correspondence.models import TextModule
from roamdesk.desks.models import Desk

FILE = Path(__file__).parent / "texts.yaml"
LANGUAGES = ("en", "de", "it", "fr")
LONGEST_TITLE, LONGEST_TEXT, MOST_OWN = 80, 10_000, 200

_UNFIT = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Text:
    """``own``: the desk wrote it, or changed a shipped one. ``text`` has {placeholders}."""

    key: str
    language: str
    title: str
    text: str
    own: bool
    shipped: bool


class TextRefused(ValueError):
    """It cannot be kept as it stands; nothing was changed. The text says what to mend."""


@cache
def _shipped() -> dict[tuple[str, str], Text]:
    """By key and language."""
    known = yaml.safe_load(FILE.read_text("utf-8"))
    return {
        (key, language): Text(key, language, told["title"], told["text"].rstrip(), False, True)
        for key, languages in known.items()
        for language, told in languages.items()
    }


def texts_of(desk: Desk, first: str = "") -> list[Text]:
    """In the order of language, ``first`` first, then as shipped, then the desk's own. Runs in the desk's scope."""
    found = dict(_shipped())
    for row in TextModule.objects.filter(desk=desk).order_by("pk"):
        place = (row.key, row.language)
        if row.hidden:
            found.pop(place, None)
        else:
            found[place] = Text(row.key, row.language, row.title, row.text, True, place in _shipped())
    order = [first, *(each for each in LANGUAGES if each != first)]
    return sorted(found.values(), key=lambda text: order.index(text.language))


def keep_text(desk: Desk, *, key: str, language: str, title: str, text: str) -> None:
    """A new one (no ``key``), or a changed one. Raises TextRefused without title or text, and where it is too long."""
    title, text = " ".join(title.split()), text.replace("\x00", "").replace("\r\n", "\n").strip()
    if language not in LANGUAGES:
        raise TextRefused(f"Choose one of the languages {', '.join(LANGUAGES)}.")
    if not title or not text:
        raise TextRefused("Give it a title and a text.")
    if len(title) > LONGEST_TITLE or len(text) > LONGEST_TEXT:
        raise TextRefused(f"Shorten the title to {LONGEST_TITLE} and the text to {LONGEST_TEXT:,} characters.")
    if TextModule.objects.filter(desk=desk).count() >= MOST_OWN:
        raise TextRefused(f"The desk has {MOST_OWN} texts of its own. Take one away first.")
    kept = key or _new_key(desk, title)
    values = {"title": title, "text": text, "hidden": False}
    TextModule.objects.update_or_create(desk=desk, key=kept, language=language, defaults=values)


def take_text_away(desk: Desk, *, key: str, language: str) -> None:
    """One of the desk's own goes; in place of a shipped one the desk has none from now on."""
    own = TextModule.objects.filter(desk=desk, key=key, language=language)
    shipped = _shipped().get((key, language))
    if shipped is None:
        own.delete()
        return
    values = {"title": shipped.title, "text": "", "hidden": True}
    TextModule.objects.update_or_create(desk=desk, key=key, language=language, defaults=values)


def ship_again(desk: Desk) -> int:
    """All shipped ones as they were; what the desk wrote itself stays. How many came back."""
    keys = {key for key, _ in _shipped()}
    return TextModule.objects.filter(desk=desk, key__in=keys).delete()[0]


def _new_key(desk: Desk, title: str) -> str:
    stem = _UNFIT.sub("-", title.lower()).strip("-")[:30] or "text"
    taken = {key for key, _ in _shipped()} | set(TextModule.objects.filter(desk=desk).values_list("key", flat=True))
    return next(key for number in range(1, MOST_OWN + 99) if (key := f"{stem}-{number}") not in taken)
