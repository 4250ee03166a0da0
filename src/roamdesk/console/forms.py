"""Forms as values: what was posted, read once at the edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AnswerForm:
    """A digit of the step card. ``fact`` and ``value`` where the card asks a question instead of a duty."""

    rule: str
    key: int
    number: str
    fact: str
    value: str
    posted: Mapping[str, str]

    @staticmethod
    def of(post: Mapping[str, str]) -> AnswerForm:
        pressed = post.get("key", "")
        fact, _, value = pressed.partition("=")
        key = int(pressed) if pressed.isdecimal() and len(pressed) < 3 else 0
        return AnswerForm(post.get("rule", ""), key, post.get("number", "")[:20], fact if value else "", value, post)

    def typed(self, asks: Iterable[str]) -> dict[str, str]:
        """What stands in the fields of the pressed answer; other answers' fields are not looked at."""
        return {name: self.posted.get(f"{self.key}-{name}", "") for name in asks}


@dataclass(frozen=True)
class NoteForm:
    text: str

    @staticmethod
    def of(post: Mapping[str, str]) -> NoteForm:
        return NoteForm(post.get("note", ""))


@dataclass(frozen=True)
class CallForm:
    """A new call as far as it is told: what was heard, the EVSE chosen, who calls, what the problem is."""

    heard: str
    evse: int | None
    side: str
    caller: str
    problem: str
    their_reference: str

    @staticmethod
    def of(values: Mapping[str, str]) -> CallForm:
        evse = values.get("evse", "")
        return CallForm(
            heard=" ".join(values.get("heard", "").split())[:255],
            evse=int(evse) if evse.isdecimal() and len(evse) < 15 else None,
            side=values.get("side", ""),
            caller=values.get("caller", ""),
            problem=values.get("problem", ""),
            their_reference=values.get("their_reference", "")[:60],
        )
