"""The number to dial now: every line of a recipient with its opening state, its age and how far it is trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.numbers import shown
from roamdesk.partners.opening import opening
from roamdesk.partners.selectors import lines_of

STALE_AFTER = timedelta(days=180)

Purpose = ContactLine.Purpose
Channel = ContactLine.Channel
_DIALLED = {
    "cpo_cc": ("cpo", (Purpose.FIRST_LEVEL, Purpose.REFERENCE_PERSON, Purpose.HOTLINE)),
    "msp_cc": ("msp", (Purpose.CALL_CENTRE, Purpose.REFERENCE_PERSON)),
    "cpo_fp": ("cpo", (Purpose.REFERENCE_PERSON,)),
    "msp_fp": ("msp", (Purpose.REFERENCE_PERSON,)),
    "msp_support": ("msp", (Purpose.MSP_SUPPORT,)),
    "cpo_backoffice": ("cpo", (Purpose.BACK_OFFICE,)),
    "msp_backoffice": ("msp", (Purpose.BACK_OFFICE,)),
}


class Trust(StrEnum):
    """How far a line is trusted: it failed since it last worked, was never verified, long ago, or lately."""

    DOUBTED = "doubted"
    NEVER = "never"
    STALE = "stale"
    FRESH = "fresh"


def trust_of(verified_at: datetime | None, failures: int, at: datetime) -> Trust:
    """The trust in a line as of ``at`` (UTC); older than 180 days is stale."""
    if failures:
        return Trust.DOUBTED
    if verified_at is None:
        return Trust.NEVER
    return Trust.STALE if at - verified_at > STALE_AFTER else Trust.FRESH


@dataclass(frozen=True)
class Hotline:
    """The driver hotline that roaming data names for an EVSE (E.164), and since when it does (aware UTC)."""

    number: str
    known_at: datetime | None


@dataclass(frozen=True)
class DialLine:
    """A number with its opening state and its age. Instants are aware UTC.

    ``from_form`` is false for a number that came with roaming data, since ``known_at``; ``understood`` for hours that
    cannot be read or that nobody told, ``serves`` for a line that the form keeps for other countries. ``failure``
    says what went wrong last.
    """

    pk: int
    number: str
    shown: str
    purpose: str
    person: str
    open_now: bool
    opens_at: datetime | None
    closes_at: datetime | None
    languages: tuple[str, ...]
    speaks: bool
    verified_at: datetime | None
    answered_at: datetime | None
    trust: Trust
    failure: str
    from_form: bool
    understood: bool
    serves: bool
    known_at: datetime | None = None

    @property
    def stale(self) -> bool:
        return self.trust in (Trust.STALE, Trust.NEVER)


@dataclass(frozen=True)
class Dial:
    """Numbers in the order of dialling: open, the hotline of the EVSE, closed; then by purpose, language, priority."""

    lines: tuple[DialLine, ...]

    @property
    def now(self) -> DialLine | None:
        """The number to dial now; None when nobody is on the line."""
        return self.lines[0] if self.lines and self.lines[0].open_now else None

    @property
    def next_to_open(self) -> DialLine | None:
        """Who opens first when nobody is there now."""
        closed = [line for line in self.lines if line.opens_at]
        return min(closed, key=_opens_at) if closed and self.now is None else None


def number_to_dial(
    partner: Partner, to: str, at: datetime, language: str, country: str = "", hotline: Hotline | None = None
) -> Dial:
    """A recipient's numbers as they stand at ``at`` (UTC); ``cpo_cc`` (S8) and ``msp_cc`` (S22) with fallbacks.

    ``country`` (ISO 3166-1 alpha-2) is where the User is; lines for other countries come last. The ``hotline`` of
    the User's EVSE stands behind whoever is there by the partner's form. Whoever has no number in a contact form,
    the User for one, gets an empty Dial.
    """
    if to not in _DIALLED:
        return Dial(())
    dial = dial_of(partner, _lines(partner), to, at, language, country)
    return _with_hotline(dial, hotline) if hotline and to == "cpo_cc" else dial


def dial_of(
    partner: Partner, lines: Iterable[ContactLine], to: str, at: datetime, language: str, country: str = ""
) -> Dial:
    """As ``number_to_dial``, of lines that were read already. Raises KeyError for whoever has no number."""
    role, purposes = _DIALLED[to]
    found = (line for line in lines if (line.role, line.channel) == (role, Channel.PHONE) and line.purpose in purposes)
    ranked = sorted(
        ((_dial_line(line, partner, at, language, country), line) for line in found),
        key=lambda pair: (
            not pair[0].open_now,
            not pair[0].serves,
            pair[0].trust == Trust.DOUBTED,
            purposes.index(Purpose(pair[1].purpose)),
            not pair[0].speaks,
            pair[1].priority,
            pair[1].pk,
        ),
    )
    return Dial(tuple(line for line, _ in ranked))


def _dial_line(line: ContactLine, partner: Partner, at: datetime, language: str, country: str) -> DialLine:
    state = opening(line, partner, at)
    return DialLine(
        pk=line.pk,
        number=line.value,
        shown=shown(line.value),
        purpose=line.get_purpose_display(),
        person=line.person_name,
        open_now=state.open_now,
        opens_at=state.opens_at,
        closes_at=state.closes_at,
        languages=tuple(line.languages),
        speaks=language in line.languages,
        verified_at=line.verified_at,
        answered_at=line.last_answered_at,
        trust=trust_of(line.verified_at, line.failures, at),
        failure=line.last_failure if line.failures else "",
        from_form=line.purpose != Purpose.HOTLINE,
        understood=state.understood,
        serves=not country or not line.countries or country in line.countries,
    )


def _lines(partner: Partner) -> Iterable[ContactLine]:
    """Those that were read with the partner, else by the quick way."""
    return partner.lines.all() if "lines" in getattr(partner, "_prefetched_objects_cache", {}) else lines_of(partner)


def _with_hotline(dial: Dial, hotline: Hotline) -> Dial:
    """Nobody told its hours: after whoever is there now, before those who are not."""
    if any(line.number == hotline.number for line in dial.lines):
        return dial
    line = DialLine(
        pk=0,
        number=hotline.number,
        shown=shown(hotline.number),
        purpose=Purpose.HOTLINE.label,
        person="",
        open_now=False,
        opens_at=None,
        closes_at=None,
        languages=(),
        speaks=False,
        verified_at=None,
        answered_at=None,
        trust=Trust.NEVER,
        failure="",
        from_form=False,
        understood=False,
        serves=True,
        known_at=hotline.known_at,
    )
    there = sum(each.open_now for each in dial.lines)
    return Dial((*dial.lines[:there], line, *dial.lines[there:]))


def _opens_at(line: DialLine) -> datetime:
    assert line.opens_at is not None
    return line.opens_at
