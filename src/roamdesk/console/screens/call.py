"""New call: what the typed text was understood as, the hits, whom to dial, and what will happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from roamdesk.cases.models import Case
from roamdesk.cases.procedures import procedure_of
from roamdesk.cases.selectors import recent_cases_at, search
from roamdesk.cases.words import masked
from roamdesk.charging.dialling import operating_company
from roamdesk.charging.models import Evse, Session
from roamdesk.charging.selectors import EvseHit, FoundEvses, find_evse, find_tokens, users_by_phone
from roamdesk.console import words
from roamdesk.console.forms import CallForm
from roamdesk.console.marks import Mark, State, mark
from roamdesk.console.screens.dial import DialPanel, dial_panel
from roamdesk.console.screens.step import Choice, option_choices
from roamdesk.desks.models import Desk
from roamdesk.identifiers import Grade, IdentifierError, Kind, Reading, understand
from roamdesk.partners.models import Partner
from roamdesk.partners.procedures import version_between, version_in_force
from roamdesk.procedure import Entry, Procedure, fold, plan
from roamdesk.procedure.model import Route

SHOWN = 8
KINDS = {
    Kind.EVSE_LABEL: "EVSE label",
    Kind.TOKEN: "Token",
    Kind.PHONE: "Phone number",
    Kind.CASE_REFERENCE: "Case reference",
    Kind.ADDRESS: "Address",
}
GRADES = {
    Grade.EXACT: (State.DONE, "Whole label"),
    Grade.MATCH: (State.DONE, "Match"),
    Grade.SOUNDS_ALIKE: (State.UNKNOWN, "Sounds alike"),
    Grade.ADDRESS: (State.DONE, "Address"),
}
NUMBERS = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
NOT_ASKED = frozenset({"ourselves", "partner_mail"})


@dataclass(frozen=True)
class Piece:
    text: str
    fits: bool


@dataclass(frozen=True)
class HitRow:
    pk: int
    pieces: tuple[Piece, ...]
    mark: Mark
    sub: str
    evse_id: str
    case: str
    taken: bool


@dataclass(frozen=True)
class Chip:
    title: str
    on: bool


@dataclass(frozen=True)
class Known:
    title: str
    value: str
    hint: str
    mono: bool = False


@dataclass(frozen=True)
class CallScreen:
    """``taken`` is the EVSE of the case to be: certain, or chosen by the operator; never one of two."""

    form: CallForm
    chips: tuple[Chip, ...]
    note: str
    heading: str
    hits: tuple[HitRow, ...]
    more: int
    cases: tuple[Case, ...]
    users: tuple[str, ...]
    taken: Evse | None
    side: str
    partner: Partner | None
    partners: tuple[Partner, ...]
    operator: str
    dial: DialPanel | None
    route: Route
    known: tuple[Known, ...]
    callers: tuple[Choice, ...]
    problems: tuple[Choice, ...]
    error: str = ""


@dataclass(frozen=True)
class Heard:
    """What the text may be: readings likeliest first, and what was found for them."""

    readings: tuple[Reading, ...]
    found: FoundEvses
    error: str = ""

    @property
    def first(self) -> Kind | None:
        return self.readings[0].kind if self.readings else None


def call_screen(desk: Desk, form: CallForm, posted: Mapping[str, str], now: datetime, zone: str) -> CallScreen:
    """The whole page for what is typed and chosen so far. Runs in the desk's scope."""
    heard = listen(desk, form.heard)
    taken = taken_of(heard.found, form.evse)
    side = side_of(desk, form, taken, heard.found)
    partner, partners = partner_of(desk, side, taken, heard.found, posted.get("partner", ""))
    procedure = procedure_in_force(desk, now, partner)
    hits = heard.found.hits
    return CallScreen(
        form=replace(form, evse=taken.pk if taken else None),
        chips=_chips(heard),
        note=_note(heard),
        heading=_heading(form.heard, heard, taken),
        hits=tuple(_hit(hit, taken, now) for hit in hits[:SHOWN]),
        more=max(0, len(hits) - SHOWN),
        cases=tuple(_cases(desk, form.heard, heard)),
        users=tuple(_users(desk, form.heard, heard)),
        taken=taken,
        side=side,
        partner=partner,
        partners=partners,
        operator=_operator(heard.found, taken),
        dial=dial_panel(
            partner, "cpo_cc" if side == "msp" else "msp_cc", now, zone, desk.language, evse=taken, named=form.heard
        ),
        route=_route(procedure, side, form, taken, now),
        known=tuple(_known(taken, now, zone)) if taken else (),
        callers=option_choices_of(procedure, "caller"),
        problems=option_choices_of(procedure, "problem"),
        error=heard.error,
    )


def listen(desk: Desk, text: str) -> Heard:
    """Everything the text could be; what cannot be read says why."""
    nothing = FoundEvses((), None, None, True)
    try:
        return Heard(tuple(understand(text)), find_evse(desk, text) if text else nothing)
    except IdentifierError as error:
        return Heard((), nothing, str(error))


def taken_of(found: FoundEvses, chosen: int | None) -> Evse | None:
    """The one the operator chose, while it still fits; else the one that cannot be another."""
    return next((hit.evse for hit in found.hits if hit.evse.pk == chosen), found.chosen)


def side_of(desk: Desk, form: CallForm, taken: Evse | None, found: FoundEvses) -> str:
    """The side we play: the desk's only one, else by whose station it is."""
    if len(desk.sides) == 1 or form.side in desk.sides:
        return form.side if form.side in desk.sides else desk.sides[0]
    ours = taken.partner_id is None if taken else bool(found.operator and found.operator.ours)
    return "cpo" if ours else "msp"


def partner_of(
    desk: Desk, side: str, taken: Evse | None, found: FoundEvses, chosen: str
) -> tuple[Partner | None, tuple[Partner, ...]]:
    """The other company, and between whom to choose where it is not plain."""
    if side == "msp":
        return _operator_of(desk, taken, found), ()
    partners = tuple(Partner.objects.filter(desk=desk, plays_msp=True).order_by("name"))
    named = next((partner for partner in partners if str(partner.pk) == chosen), None)
    running = Session.objects.filter(evse=taken).order_by("-started_at").first() if taken else None
    theirs = next((partner for partner in partners if running and partner.pk == running.partner_id), None)
    only = partners[0] if len(partners) == 1 else None
    return named or theirs or only, partners if len(partners) > 1 else ()


def _operator_of(desk: Desk, taken: Evse | None, found: FoundEvses) -> Partner | None:
    """Whose station it is. Two sockets of one operator have one number to dial."""
    if taken:
        return operating_company(desk, taken)
    operators = {hit.evse.partner for hit in found.hits}
    if len(operators) == 1:
        return operators.pop()
    return found.operator.partner if found.operator else None


def undecided(screen: CallScreen) -> bool:
    """Several EVSEs fit and none is chosen; only danger does not wait for the choice."""
    return len(screen.hits) > 1 and screen.taken is None and screen.form.problem != "danger"


def procedure_in_force(desk: Desk, now: datetime, partner: Partner | None) -> Procedure:
    """What a case with this partner would run on; the desk's own where none is given."""
    version = version_between(desk, partner, now) if partner else version_in_force(desk, now)
    return procedure_of(Case(desk=desk, procedure=version))


def option_choices_of(procedure: Procedure, name: str) -> tuple[Choice, ...]:
    """The answers to a first question; who writes by mail, or is nobody, does not call."""
    fact = procedure.facts[name]
    return tuple(choice for choice in option_choices(fact) if choice.value not in NOT_ASKED)


def facts_of(form: CallForm, screen: CallScreen) -> dict[str, str]:
    """What a new case knows from the start. What was typed is told as what it was understood as."""
    facts = {"caller": form.caller, "problem": form.problem}
    if screen.taken:
        facts["evse_label"] = screen.taken.label
    elif screen.hits:
        facts["station_address"] = _one_address(screen)
    elif form.heard and not screen.error:
        facts |= _as_understood(form.heard, screen)
    return {name: value for name, value in facts.items() if value}


def _one_address(screen: CallScreen) -> str:
    """The street that all hits share: enough for help to set out."""
    addresses = {hit.sub.split(" · ")[0].rsplit(",", 1)[0] for hit in screen.hits}
    return addresses.pop() if len(addresses) == 1 else ""


def _as_understood(text: str, screen: CallScreen) -> dict[str, str]:
    kind = next((title for title, on in ((chip.title, chip.on) for chip in screen.chips) if on), "")
    names = {"Token": "token", "Phone number": "user_phone", "Address": "station_address"}
    name = names.get(kind.removesuffix(", part"), "evse_label" if kind.startswith("EVSE") else "")
    return {name: text.upper() if name == "evse_label" else text} if name else {}


def _chips(heard: Heard) -> tuple[Chip, ...]:
    first = heard.first
    part = heard.readings and heard.readings[0].why.startswith("Part")
    return tuple(
        Chip(f"{title}, part" if kind is first and part else title, kind is first) for kind, title in KINDS.items()
    )


def _note(heard: Heard) -> str:
    if heard.error:
        return heard.error
    notes = dict.fromkeys(hit.note for hit in heard.found.hits[:2] if hit.note)
    why = heard.readings[0].why if heard.readings else ""
    return ". ".join(notes) or (why if why.startswith("Heard") else "")


def _heading(text: str, heard: Heard, taken: Evse | None) -> str:
    hits = heard.found.hits
    if not text:
        return "Nothing typed yet"
    if not hits:
        return "No EVSE fits"
    if taken and len(hits) == 1:
        return "One fits"
    if heard.found.chosen:
        return "One fits, others sound alike"
    if len(hits) == 1:
        return "One may fit. Ask again."
    return f"{NUMBERS.get(len(hits), len(hits))} fit. {_question(hits)}"


def _question(hits: tuple[EvseHit, ...]) -> str:
    """What to ask, so that only one is left."""
    best = [hit.evse for hit in hits if hit.grade == hits[0].grade]
    hints = [evse.place_hint for evse in best if evse.place_hint]
    if len({evse.address for evse in best}) == 1 and len(hints) == len(best) > 1:
        short = [hint.removesuffix(" socket") for hint in hints[:-1]]
        return f"Ask: {', '.join(short)} or {hints[-1]}?"
    if len({evse.address for evse in best}) > 1:
        return "Ask: which street?"
    return "Ask for the last figure of the label."


def _hit(hit: EvseHit, taken: Evse | None, now: datetime) -> HitRow:
    evse = hit.evse
    state, word = GRADES[hit.grade]
    plug = evse.get_plug_display() if evse.plug != "unknown" else ""
    where = ", ".join(part for part in (evse.address, evse.place_hint) if part)
    note = hit.note if hit.grade is Grade.SOUNDS_ALIKE else ""
    sub = " · ".join(part for part in (where, plug, note) if part)
    return HitRow(evse.pk, _pieces(evse.label, hit), mark(state, word), sub, evse.evse_id, "", evse == taken)


def _pieces(label: str, hit: EvseHit) -> tuple[Piece, ...]:
    if hit.text != label or not hit.spans:
        return (Piece(label, False),)
    pieces, at = [], 0
    for begin, end in sorted(hit.spans):
        pieces += [Piece(label[at:begin], False), Piece(label[begin:end], True)]
        at = end
    return tuple(piece for piece in (*pieces, Piece(label[at:], False)) if piece.text)


def _cases(desk: Desk, text: str, heard: Heard) -> list[Case]:
    wanted = {Kind.CASE_REFERENCE, Kind.PHONE, Kind.TOKEN}
    kinds = {reading.kind for reading in heard.readings}
    return search(desk, text, limit=4) if len(text) >= 4 and kinds & wanted else []


def _users(desk: Desk, text: str, heard: Heard) -> list[str]:
    """Accounts behind a phone number or token, masked."""
    found = []
    kinds = {reading.kind for reading in heard.readings[:2]}
    if Kind.PHONE in kinds:
        found += [f"Account with {masked(user.phone)}" for user in users_by_phone(desk, text)[:3]]
    if Kind.TOKEN in kinds and len(text) >= 4:
        found += _token_words(desk, text)
    return found


def _token_words(desk: Desk, text: str) -> list[str]:
    try:
        return [f"Token {hit.token}, {hit.how}" for hit in find_tokens(desk, text)[:3]]
    except IdentifierError:
        return []


def _operator(found: FoundEvses, taken: Evse | None) -> str:
    if taken or found.operator is None:
        return ""
    known = "ours" if found.operator.ours else str(found.operator.partner or "nobody that we know")
    return f"{found.operator.operator}: {known}"


def _route(procedure: Procedure, side: str, form: CallForm, taken: Evse | None, now: datetime) -> Route:
    values = {"side": side, "caller": form.caller, "problem": form.problem}
    if taken:
        values["evse_label"] = taken.label
    told = {name: value for name, value in values.items() if value and _is_option(procedure, name, value)}
    return plan(procedure, fold(procedure, [Entry(now, told)])).route


def _is_option(procedure: Procedure, name: str, value: str) -> bool:
    options = procedure.facts[name].options
    return not options or value in options


def _known(evse: Evse, now: datetime, zone: str) -> list[Known]:
    status = evse.status or "never reported"
    rows = [Known("Station status", status, f"{words.age(evse.status_at, now)} old" if evse.status_at else "")]
    last = Session.objects.filter(evse=evse).order_by("-started_at").first()
    if last:
        ended = f"ended {words.moment(last.ended_at, now, zone)}" if last.ended_at else "still open"
        rows.append(Known("Token in the last session here", masked(last.token_key) or "none", ended, mono=True))
    rows.append(Known("Cases in 30 days", str(recent_cases_at(evse, now)), ""))
    return rows
