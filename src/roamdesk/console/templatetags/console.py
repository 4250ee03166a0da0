"""Icons, marks, clocks and cells to be read aloud."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from roamdesk.console import words
from roamdesk.console.clocks import Clock
from roamdesk.console.marks import Mark, State
from roamdesk.console.marks import mark as mark_of
from roamdesk.identifiers import spell, spoken
from roamdesk.worktime import format_clock

register = template.Library()


@register.simple_tag
def icon(name: str, hue: str = "") -> SafeString:
    """One of the symbols of ``console/_icons.html``; it says nothing to a screen reader, the word beside it does."""
    return format_html('<svg class="i {}" aria-hidden="true"><use href="#i-{}"/></svg>', hue, name)


@register.simple_tag
def mark(value: Mark | str, word: str = "") -> SafeString:
    """Shape, word and hue."""
    shown = value if isinstance(value, Mark) else mark_of(State(value), word)
    return format_html('<span class="state s-{}">{}{}</span>', shown.state, icon(shown.icon), shown.word)


@register.simple_tag
def sign(value: Mark) -> SafeString:
    """The shape alone with its hue, where the word stands beside it."""
    return format_html('<span class="{}">{}</span>', value.hue, icon(value.icon))


_BAR = (
    '<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
    '<rect width="100" height="4" fill="var(--failed-soft)"/>'
    '<rect data-fill width="{}" height="4" fill="var(--{})"/></svg>'
)


@register.simple_tag
def bar(clock: Clock, hue: str = "ink") -> SafeString:
    """How much of the target is used."""
    return format_html(_BAR, clock.used, "overdue" if clock.over else hue)


@register.simple_tag
def ticking(clock: Clock, name: str = "") -> SafeString:
    """A clock that the browser keeps going; ``name`` is spoken at half, at 2 minutes and when over."""
    return format_html(
        '<span data-due="{}" data-whole="{}" data-name="{}">{}</span>',
        clock.due.isoformat(), clock.whole, name, clock.text,
    )  # fmt: skip


@register.simple_tag
def aloud(text: str, language: str = "en", size: str = "") -> SafeString:
    """Cells of one character with its word, in groups as printed: one image with the spoken text as its name."""
    groups = format_html_join("", '<span class="g">{}</span>', ((_cells(group),) for group in spell(text, language)))
    return format_html(
        '<div class="spell {}" role="img" aria-label="{}">{}</div>', size, spoken(text, language), groups
    )


def _cells(group: list) -> SafeString:  # type: ignore[type-arg]
    return format_html_join(
        "", '<span class="ch"><b>{}</b><i>{}</i></span>', ((said.char, said.word) for said in group)
    )


@register.filter
def local(at: datetime | None, zone: str) -> str:
    """Wall-clock time in the zone, with the day: `Tue 06:30`."""
    return at.astimezone(words.zone(zone)).strftime("%a %H:%M") if at else ""


@register.filter
def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: `12 d ago`."""
    return words.ago(at, now)


@register.filter
def age(at: datetime | None, now: datetime) -> str:
    """How long it is so, in one unit: `12 d`."""
    return words.age(at, now)


@register.filter
def minutes(span: timedelta) -> str:
    return format_clock(span)


@register.filter
def iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""
