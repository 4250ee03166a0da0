"""Procedures and partners: the versions there are, who runs on which, what publishing would do, what one says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from roamdesk.console import words
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.notice import STATES
from roamdesk.console.screens.paging import Paged
from roamdesk.correspondence.models import Message
from roamdesk.desks.models import Desk
from roamdesk.partners import links
from roamdesk.partners.agreed import Agreed, agreed_with
from roamdesk.partners.announcing import Letter, Written, differences_between, letter_of, written_by_publication
from roamdesk.partners.models import Acknowledgement, GuestLink, Partner, ProcedureVersion, Publication
from roamdesk.partners.procedures import version_in_force, versions_known
from roamdesk.partners.publishing import Reached, may_remind

PAGE = 50
CHOSEN_FROM = 200
"""So many partners are listed to be chosen from; beyond, it is all of them, or the command line."""
FILTERS = (("all", "All"), ("silent", "Silent"), ("acknowledged", "Acknowledged"), ("none", "Sent none"))
NOTICE_DAYS = 14
_LINK_OF_ITS_OWN = "(here stands a link of its own for each address)"


@dataclass(frozen=True)
class VersionRow:
    """``sent`` and ``acknowledged`` count partners, as does ``written``."""

    version: ProcedureVersion
    own: bool
    publication: Publication | None
    sent: int
    acknowledged: int
    written: Written


@dataclass(frozen=True)
class AgreedRow:
    """``said`` is what became of the newest that the partner was sent."""

    agreed: Agreed
    state: Mark
    said: str


@dataclass(frozen=True, kw_only=True)
class ProceduresScreen(Paged):
    versions: tuple[VersionRow, ...]
    rows: tuple[AgreedRow, ...]
    tabs: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Group:
    """Partners that run on the same version, what the new one changes for them, and the mail to ``example``."""

    runs_on: ProcedureVersion
    names: tuple[str, ...]
    changes: tuple[str, ...]
    example: str
    letter: Letter


@dataclass(frozen=True)
class Preview:
    """``reached`` partners, ``mails`` of them in all; ``silent`` have no address."""

    groups: tuple[Group, ...]
    reached: int
    mails: int
    silent: tuple[str, ...]


@dataclass(frozen=True)
class AcknowledgementScreen:
    row: AgreedRow
    sent: Acknowledgement
    state: Mark
    said: str
    changes: tuple[str, ...]
    mails: tuple[tuple[Message, Mark], ...]
    links: tuple[GuestLink, ...]
    may_remind: bool


def procedures_screen(desk: Desk, now: datetime, *, chosen: str, page: int) -> ProceduresScreen:
    """Runs in the desk's scope; ``page`` counts from 1."""
    partners = _with_newest(desk)
    counts = partners.aggregate(**{key: Count("pk", filter=_FITS[key]) for key, _ in FILTERS})
    fitting = counts[chosen]
    pages = max(1, -(-fitting // PAGE))
    page = min(max(page, 1), pages)
    shown = partners.filter(_FITS[chosen]).order_by("name")[(page - 1) * PAGE : page * PAGE]
    return ProceduresScreen(
        versions=tuple(_versions(desk, now)),
        rows=tuple(agreed_row(one, now) for one in agreed_with(desk, [*shown], now)),
        tabs=tuple((key, text, counts[key]) for key, text in FILTERS),
        fitting=fitting,
        page=page,
        pages=pages,
    )


def _with_newest(desk: Desk) -> QuerySet[Partner]:
    newest = Acknowledgement.objects.filter(partner=OuterRef("pk")).order_by("-pk")
    return Partner.objects.filter(desk=desk).annotate(
        newest=Subquery(newest.values("pk")[:1]), answered_at=Subquery(newest.values("acknowledged_at")[:1])
    )


_FITS = {
    "all": Q(pk__isnull=False),
    "silent": Q(newest__isnull=False, answered_at__isnull=True),
    "acknowledged": Q(answered_at__isnull=False),
    "none": Q(newest__isnull=True),
}


def _versions(desk: Desk, now: datetime) -> Iterable[VersionRow]:
    own = version_in_force(desk, now)
    counted = Publication.objects.filter(desk=desk).annotate(
        sent=Count("acknowledgements"), answered=Count("acknowledgements__acknowledged_at")
    )
    published = {each.version_id: each for each in counted}
    how_far = written_by_publication(desk)
    for version in versions_known(desk, now).defer("source"):
        found = published.get(version.pk)
        yield VersionRow(
            version, version.pk == own.pk, found, getattr(found, "sent", 0), getattr(found, "answered", 0),
            how_far.get(found.pk if found else 0, Written(0, 0)),
        )  # fmt: skip


def agreed_row(agreed: Agreed, now: datetime) -> AgreedRow:
    """What runs with the partner, and what it says to the newest that it was sent."""
    if agreed.newest is None:
        return AgreedRow(agreed, mark(State.LATER, "Sent none"), "")
    return AgreedRow(agreed, *_answer(agreed.newest, now))


def _answer(sent: Acknowledgement, now: datetime) -> tuple[Mark, str]:
    begins = sent.in_force_at
    if begins is None:
        if sent.is_waiting:
            return mark(State.WAITING, "To be written to"), "its mail is not queued yet"
        if sent.sent_at is None:
            return mark(State.TODO, "Ask by phone"), "it has no address"
        return mark(State.UNKNOWN, "Silent"), f"for {words.age(sent.made_at, now)}"
    signed = f"by {sent.acknowledged_by}"
    signed += f", noted by {sent.by_hand}" if sent.by_hand else ""
    if begins > now:
        return mark(State.WAITING, "Acknowledged"), f"{signed}, in force from {begins:%d/%m/%Y %H:%M} UTC"
    return mark(State.DONE, "Acknowledged"), signed


def preview_of(
    desk: Desk, version: ProcedureVersion, reached: Sequence[Reached], in_force_from: datetime, now: datetime
) -> Preview:
    """What publishing would send, and to whom."""
    by_version: dict[int, list[Reached]] = {}
    for one in reached:
        by_version.setdefault(one.runs_on.pk, []).append(one)
    return Preview(
        groups=tuple(_group(desk, version, each, in_force_from, now) for each in by_version.values()),
        reached=len(reached),
        mails=sum(len(one.addresses) for one in reached),
        silent=tuple(one.partner.name for one in reached if not one.addresses),
    )


def _group(
    desk: Desk, version: ProcedureVersion, reached: Sequence[Reached], in_force_from: datetime, now: datetime
) -> Group:
    first = next((one for one in reached if one.addresses), reached[0])
    changes = differences_between(first.runs_on, version)
    letter = letter_of(
        desk, first.partner, version, in_force_from=in_force_from, changes=changes, address=_LINK_OF_ITS_OWN,
        good_until=now + links.GOOD_FOR, at=now,
    )  # fmt: skip
    return Group(first.runs_on, tuple(one.partner.name for one in reached), changes, first.partner.name, letter)


def proposed_begin(desk: Desk, now: datetime) -> str:
    """Midnight at the desk's clock in two weeks, as a field of a form takes it."""
    day = now.astimezone(ZoneInfo(desk.zone)).date() + timedelta(days=NOTICE_DAYS)
    return f"{day:%Y-%m-%d}T00:00"


def acknowledgement_screen(sent: Acknowledgement, now: datetime) -> AcknowledgementScreen:
    """Runs in the desk's scope."""
    partner = sent.partner
    [agreed] = agreed_with(partner.desk, [partner], now)
    mails = Message.objects.filter(desk_id=sent.desk_id, about=f"acknowledgement:{sent.pk}").order_by("-pk")
    good = GuestLink.objects.filter(
        partner=partner, purpose=GuestLink.Purpose.PROCEDURE, about_id=sent.pk,
        revoked_at__isnull=True, expires_at__gt=now,
    )  # fmt: skip
    state, said = _answer(sent, now)
    return AcknowledgementScreen(
        row=agreed_row(agreed, now),
        sent=sent,
        state=state,
        said=said,
        changes=differences_between(sent.replaces, sent.publication.version),
        mails=tuple((each, mark(STATES[Message.State(each.state)], each.get_state_display())) for each in mails),
        links=tuple(good.order_by(F("pk").desc())),
        may_remind=may_remind(sent, now),
    )


@dataclass(frozen=True)
class SentRow:
    sent: Acknowledgement
    state: Mark
    said: str


@dataclass(frozen=True)
class PartnerPart:
    """On a partner's page: what runs between the two, and all that it was sent, the newest first."""

    agreed: Agreed
    rows: tuple[SentRow, ...]


def partner_part(partner: Partner, now: datetime) -> PartnerPart:
    """Runs in the desk's scope."""
    [agreed] = agreed_with(partner.desk, [partner], now)
    return PartnerPart(agreed, tuple(SentRow(each, *_answer(each, now)) for each in reversed(agreed.sent)))
