"""What is looked up of partners: whom to dial now, where to write, which partner an identifier names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from roamdesk.desks.models import Desk
from roamdesk.identifiers import IdentifierError, OperatorId, ProviderId
from roamdesk.partners.models import ContactLine, Partner
from roamdesk.partners.numbers import shown
from roamdesk.partners.opening import Span, gaps, open_minutes, opening

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
_WRITTEN_TO = {
    "cpo_backoffice": ("cpo", Purpose.BACK_OFFICE),
    "msp_backoffice": ("msp", Purpose.BACK_OFFICE),
    "msp_support": ("msp", Purpose.MSP_SUPPORT),
    "msp_fp": ("msp", Purpose.REFERENCE_PERSON),
    "cpo_fp": ("cpo", Purpose.REFERENCE_PERSON),
}


@dataclass(frozen=True)
class DialLine:
    """A number with its opening state and its age. Instants are aware UTC.

    ``from_form`` is false for a number that came with roaming data; ``understood`` for hours that cannot be read.
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
    stale: bool
    from_form: bool
    understood: bool


@dataclass(frozen=True)
class Dial:
    """Numbers in the order of dialling: open before closed, then by purpose, language and priority."""

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


@dataclass(frozen=True)
class WeekRow:
    """One channel in one language over a local week: minutes from Monday 00:00, open and not."""

    role: str
    purpose: str
    channel: str
    language: str
    open: tuple[Span, ...]
    gaps: tuple[Span, ...]


@dataclass(frozen=True)
class Reach:
    """Whether a call centre can be reached at an instant, and when that changes for the better."""

    partner: Partner
    to: str
    dial: Dial

    @property
    def reachable(self) -> bool:
        return self.dial.now is not None


def number_to_dial(partner: Partner, to: str, at: datetime, language: str) -> Dial:
    """A recipient's numbers as they stand at ``at`` (UTC); ``cpo_cc`` (S8) and ``msp_cc`` (S22) with fallbacks.

    Whoever has no number in a contact form, the User for one, gets an empty Dial.
    """
    if to not in _DIALLED:
        return Dial(())
    role, purposes = _DIALLED[to]
    found = partner.lines.filter(role=role, channel=Channel.PHONE, purpose__in=purposes)
    ranked = sorted(
        ((_dial_line(line, partner, at, language), line) for line in found),
        key=lambda pair: (
            not pair[0].open_now,
            purposes.index(Purpose(pair[1].purpose)),
            not pair[0].speaks,
            pair[1].priority,
            pair[1].pk,
        ),
    )
    return Dial(tuple(shown for shown, _ in ranked))


def addresses(partner: Partner, recipient: str) -> list[str]:
    """The e-mail addresses of a recipient that a procedure names, each once, in the form's order (S21, S22, S24).

    Raises ValueError for a recipient that is none.
    """
    if recipient not in _WRITTEN_TO:
        raise ValueError(f"{recipient!r} is no recipient here. Use one of {', '.join(_WRITTEN_TO)}.")
    role, purpose = _WRITTEN_TO[recipient]
    found = partner.lines.filter(role=role, purpose=purpose, channel=Channel.MAIL)
    return list(dict.fromkeys(found.values_list("value", flat=True)))


def partner_of_operator(desk: Desk, operator_key: str) -> Partner | None:
    """The partner with this operator id, in any spelling; None when it is nobody's or not one's alone."""
    wanted = _operator_key(operator_key)
    return _only(partner for partner in _partners(desk) if wanted in map(_operator_key, partner.operator_ids))


def partner_of_provider(desk: Desk, provider_key: str) -> Partner | None:
    """The partner with this provider id, in any spelling; None when it is nobody's or not one's alone."""
    wanted = _provider_key(provider_key)
    return _only(partner for partner in _partners(desk) if wanted in map(_provider_key, partner.provider_ids))


def reachability(desk: Desk, at: datetime, language: str) -> list[Reach]:
    """Every call centre of every partner and whether it answers now; those that do not come first."""
    reaches = [
        Reach(partner, to, number_to_dial(partner, to, at, language))
        for partner in Partner.objects.filter(desk=desk).order_by("name")
        for to, plays in (("cpo_cc", partner.plays_cpo), ("msp_cc", partner.plays_msp))
        if plays
    ]
    return sorted(reaches, key=lambda reach: reach.reachable)


def week_of(partner: Partner) -> list[WeekRow]:
    """The usual week of a partner, one row for each purpose, channel and language, holidays left aside."""
    rows: dict[tuple[str, str, str, str], list[ContactLine]] = {}
    for line in partner.lines.all():
        for language in line.languages or [""]:
            rows.setdefault((line.role, line.purpose, line.channel, language), []).append(line)
    return [WeekRow(*key, open=(spans := open_minutes(lines)), gaps=gaps(spans)) for key, lines in rows.items()]


def _dial_line(line: ContactLine, partner: Partner, at: datetime, language: str) -> DialLine:
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
        stale=line.verified_at is None or at - line.verified_at > STALE_AFTER,
        from_form=line.purpose != Purpose.HOTLINE,
        understood=state.understood,
    )


def _partners(desk: Desk) -> Iterable[Partner]:
    return Partner.objects.filter(desk=desk)


def _only(partners: Iterable[Partner]) -> Partner | None:
    found = list(partners)
    return found[0] if len(found) == 1 else None


def _operator_key(text: str) -> str:
    try:
        return OperatorId.parse(text).key
    except IdentifierError:
        return text


def _provider_key(text: str) -> str:
    try:
        return ProviderId.parse(text).key
    except IdentifierError:
        return text


def _opens_at(line: DialLine) -> datetime:
    assert line.opens_at is not None
    return line.opens_at
