"""Tokens and the Users who carry them, from a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from roamdesk.charging.models import RoamingUser, Token
from roamdesk.desks.models import Desk
from roamdesk.desks.tables import (
    CellRefused,
    Progress,
    Refuse,
    Row,
    Tally,
    changed_by,
    fitting_cell,
    import_rows,
    read_table,
)
from roamdesk.identifiers import ContractId, IdentifierError, RfidUid, printed_number, token_key
from roamdesk.partners.numbers import NumberRefused, phone_number

COLUMNS = ("value", "kind", "contract_id", "printed_number", "user_name", "phone", "blocked", "blocked_because")
_BLOCKED = {"yes": True, "no": False}
Kind = Token.Kind
_READ: dict[str, Callable[[str], object]] = {
    Kind.RFID: RfidUid.parse,
    Kind.CONTRACT: ContractId.parse,
    Kind.APP: token_key,
}
_WRITTEN = (
    "user", "kind", "value", "key", "contract_id", "contract_key", "printed_number", "printed_key", "blocked_at",
    "blocked_because",
)  # fmt: skip

Named = tuple[str, str]
"""A User's name and phone number (E.164)."""


@dataclass(frozen=True)
class Entry:
    """A row that was understood; ``values`` are those of its cells that say something."""

    row: Row
    key: str
    values: dict[str, Any]
    blocked: bool | None
    name: str
    phone: str


def import_tokens(desk: Desk, lines: Iterable[str], *, at: datetime, refuse: Refuse, progress: Progress) -> Tally:
    """Tokens from a CSV table with the columns ``COLUMNS``; a known one is corrected, an empty cell says nothing.

    ``at`` (UTC) is since when those are blocked that were not before. Tokens with the same name and phone number are
    one User's. A bad row is told to ``refuse`` and left out. Runs in the desk's scope. Raises TableRefused for the
    header.
    """
    return import_rows(desk, read_table(lines, COLUMNS, needed=("value",)), _Tokens(desk, at).store, refuse, progress)


class _Tokens:
    """What is gathered over all the rows of a file."""

    def __init__(self, desk: Desk, at: datetime) -> None:
        self.desk, self.at = desk, at
        self.seen: dict[str, int] = {}

    def store(self, rows: list[Row], tally: Tally, refuse: Refuse) -> None:
        entries = []
        for row in rows:
            try:
                entries.append(self._entry(row))
            except CellRefused as fault:
                refuse(row.refused(fault))
        _Lot(self.desk, self.at, entries).write(tally)

    def _entry(self, row: Row) -> Entry:
        key, values = _values(row)
        if key in self.seen:
            raise CellRefused("value", f"stands in row {self.seen[key]} already. Keep one of the two.")
        phone = self._phone(row)
        self.seen[key] = row.number
        return Entry(row, key, values, _blocked(row), _name(row), phone)

    def _phone(self, row: Row) -> str:
        try:
            return phone_number(row["phone"], self.desk.country) if row["phone"] else ""
        except NumberRefused as fault:
            raise CellRefused("phone", str(fault)) from None


class _Lot:
    """Some rows, with the tokens and Users that they speak of."""

    def __init__(self, desk: Desk, at: datetime, entries: Sequence[Entry]) -> None:
        self.desk, self.at, self.entries = desk, at, entries
        found = Token.objects.filter(desk=desk, key__in=[entry.key for entry in entries]).select_related("user")
        self.known = {token.key: token for token in found}
        self.named = {entry.key: self._named(entry) for entry in entries}
        self.users = self._users()

    def write(self, tally: Tally) -> None:
        RoamingUser.objects.bulk_create(user for user in self.users.values() if user.pk is None)
        left = [token.user_id for token in self.known.values() if token.user_id]
        fresh: list[Token] = []
        changed: list[Token] = []
        for entry in self.entries:
            token = self.known.get(entry.key) or Token(desk=self.desk, kind=_likely_kind(entry.row["value"]))
            differs = changed_by(token, entry.values | self._block_of(entry, token) | self._user_of(entry, token))
            token.set_keys()
            if token.pk is None:
                fresh.append(token)
            elif differs:
                changed.append(token)
        Token.objects.bulk_create(changed, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN)
        Token.objects.bulk_create(fresh)
        RoamingUser.objects.filter(desk=self.desk, pk__in=left, tokens__isnull=True).delete()
        tally.added += len(fresh)
        tally.changed += len(changed)
        tally.unchanged += len(self.entries) - len(fresh) - len(changed)

    def _named(self, entry: Entry) -> Named:
        """Whose the token is after the row: what the row leaves empty stays."""
        token = self.known.get(entry.key)
        user = token.user if token else None
        return entry.name or (user.name if user else ""), entry.phone or (user.phone if user else "")

    def _users(self) -> dict[Named, RoamingUser]:
        wanted = {named: key for key, named in self.named.items() if any(named)}
        phones = {phone for _, phone in wanted if phone}
        names = {name for name, phone in wanted if not phone}
        which = Q(phone__in=phones) | Q(phone="", name__in=names)
        found = RoamingUser.objects.filter(which, desk=self.desk).order_by("-pk")
        known = {(user.name, user.phone): user for user in found}
        return {named: known.get(named) or self._new_user(named, key) for named, key in wanted.items()}

    def _new_user(self, named: Named, key: str) -> RoamingUser:
        """In the language of the User who carried the token, so that a corrected number does not change it."""
        token = self.known.get(key)
        language = token.user.language if token and token.user else self.desk.language
        return RoamingUser(desk=self.desk, name=named[0], phone=named[1], language=language)

    def _block_of(self, entry: Entry, token: Token) -> dict[str, Any]:
        """Blocked again, the first time stays."""
        if entry.blocked is None:
            return {}
        if not entry.blocked:
            return {"blocked_at": None, "blocked_because": ""}
        return {"blocked_at": token.blocked_at or self.at}

    def _user_of(self, entry: Entry, token: Token) -> dict[str, Any]:
        named = self.named[entry.key]
        if not any(named) or (token.user and (token.user.name, token.user.phone) == named):
            return {}
        return {"user": self.users[named]}


def _values(row: Row) -> tuple[str, dict[str, Any]]:
    """The token's key, and its own cells. Raises CellRefused."""
    names = ("value", "contract_id", "printed_number", "blocked_because")
    values: dict[str, Any] = {name: fitting_cell(row, name, Token) for name in names if row[name]}
    _refuse_unreadable("contract_id", values, ContractId.parse)
    _refuse_unreadable("printed_number", values, printed_number)
    kind = row["kind"].lower()
    if kind and kind not in Kind.values:
        raise CellRefused("kind", f"{kind[:40]!r} is no kind of token. Choose one of {', '.join(Kind.values)}.")
    if kind:
        values["kind"] = kind
    _refuse_unreadable("value", values | {"value": row["value"]}, _READ.get(kind, token_key))
    return token_key(row["value"]), values


def _blocked(row: Row) -> bool | None:
    """None where the row does not say it. Raises CellRefused."""
    said = row["blocked"].lower()
    if said and said not in _BLOCKED:
        raise CellRefused(
            "blocked", f"{row['blocked'][:20]!r} is neither yes nor no. Leave it empty to change nothing."
        )
    if row["blocked_because"] and said != "yes":
        raise CellRefused("blocked_because", "says why, and blocked does not say yes. Write yes there, or no reason.")
    return _BLOCKED.get(said)


def _likely_kind(value: str) -> Kind:
    """What the value reads as, where no kind is given."""
    return next(Kind(kind) for kind, read in _READ.items() if _reads(read, value))


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except IdentifierError:
        return False
    return True


def _refuse_unreadable(column: str, values: dict[str, Any], read: Callable[[str], object]) -> None:
    try:
        if column in values:
            read(values[column])
    except IdentifierError as fault:
        raise CellRefused(column, str(fault)) from None


def _name(row: Row) -> str:
    longest = RoamingUser._meta.get_field("name").max_length
    if len(row["user_name"]) > (longest or 0):
        raise CellRefused("user_name", f"has {len(row['user_name'])} characters, at most {longest} fit. Shorten it.")
    return row["user_name"]
