"""The directory of EVSEs, ours and the partners', from a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import phonenumbers

from roamdesk.charging.keys import fitting
from roamdesk.charging.models import Evse, Plug, Station
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
from roamdesk.identifiers import EvseId, IdentifierError, label_key
from roamdesk.partners.models import Partner
from roamdesk.partners.numbers import NumberRefused, phone_number
from roamdesk.partners.selectors import partner_of_operator, sub_operators

COLUMNS = (
    "label", "evse_id", "partner", "address", "country", "plug", "place_hint", "station", "connector", "hotline",
)  # fmt: skip
_CONNECTOR = re.compile(r"(?:([1-9][0-9]{0,3})/)?([1-9][0-9]{0,3})")
_WRITTEN = (
    "partner", "station", "evse_id", "label", "evse_number", "connector_number", "plug", "place_hint", "address",
    "country", "hotline", "hotline_at", "label_key", "sounds_key", "id_key", "id_sounds_key", "address_key",
)  # fmt: skip

_WHOSEVER, _OURS = -1, 0

Identity = tuple[int, str]
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """A row that was understood; ``values`` are those of its cells that say something.

    ``identity`` tells an EVSE from others of the desk: an EVSE id is unique, any other label only at its owner.
    """

    row: Row
    identity: Identity
    partner: Partner | None
    values: dict[str, Any]


def import_evses(desk: Desk, lines: Iterable[str], *, at: datetime, refuse: Refuse, progress: Progress) -> Tally:
    """EVSEs from a CSV table with the columns ``COLUMNS``; a known one is corrected, an empty cell says nothing.

    ``at`` (UTC) is when the table said so. ``connector`` is ``1`` or, in OCPP 2.x, ``2/1`` for connector 1 of EVSE 2.
    A bad row is told to ``refuse`` and left out. Runs in the desk's scope. Raises TableRefused for the header.
    """
    rows = read_table(lines, COLUMNS, needed=("label", "evse_id"))
    return import_rows(desk, rows, _Directory(desk, at).store, refuse, progress)


class _Directory:
    """What stays the same, or is gathered, over all the rows of a file."""

    def __init__(self, desk: Desk, at: datetime) -> None:
        self.desk, self.at = desk, at
        self.partners = {partner.name.casefold(): partner for partner in Partner.objects.filter(desk=desk)}
        self.by_operator: dict[str, Partner | None] = {}
        self.sub_operators = sub_operators(desk)
        self.seen: dict[Identity, int] = {}

    def store(self, rows: list[Row], tally: Tally, refuse: Refuse) -> None:
        lot = _Lot(self.desk, self.at, list(self._understood(rows, refuse)))
        for entry in lot.entries:
            try:
                lot.put(entry, tally)
            except CellRefused as fault:
                refuse(entry.row.refused(fault))
        lot.write()

    def _understood(self, rows: list[Row], refuse: Refuse) -> Iterable[Entry]:
        for row in rows:
            try:
                yield self._entry(row)
            except CellRefused as fault:
                refuse(row.refused(fault))

    def _entry(self, row: Row) -> Entry:
        evse_id, values = _evse_id(row), _cells(row)
        partner = self._partner(row, evse_id)
        values |= _hotline(row, values.get("country") or (partner or self.desk).country)
        owner = _WHOSEVER if evse_id else partner.pk if partner else _OURS
        identity = (owner, fitting(label_key(row["evse_id"] or row["label"]), 48))
        if identity in self.seen:
            column = "evse_id" if row["evse_id"] else "label"
            raise CellRefused(column, f"stands in row {self.seen[identity]} already. Keep one of the two.")
        self.seen[identity] = row.number
        return Entry(row, identity, partner, values)

    def _partner(self, row: Row, evse_id: EvseId | None) -> Partner | None:
        """The one that is named, else whose operator id the EVSE id begins with; None when it is ours."""
        if row["partner"]:
            return self._named(row)
        found = self._operating(evse_id) if evse_id else None
        if found is None and not self.desk.plays_cpo:
            raise CellRefused("partner", "Whose EVSE is it? Name the partner, or give it this operator id.")
        return found

    def _named(self, row: Row) -> Partner:
        partner = self.partners.get(row["partner"].casefold())
        if partner is None:
            raise CellRefused("partner", f"There is no partner {row['partner'][:80]!r}. Add it: roamdesk partner add")
        return partner

    def _operating(self, evse_id: EvseId) -> Partner | None:
        key = label_key(evse_id.key)
        running = [prefix for prefix in self.sub_operators if key.startswith(prefix)]
        if running:
            return self.sub_operators[max(running, key=len)]
        operator = evse_id.operator_key
        if operator not in self.by_operator:
            self.by_operator[operator] = partner_of_operator(self.desk, operator)
        return self.by_operator[operator]


class _Lot:
    """Some rows, with the EVSEs and stations that they speak of."""

    def __init__(self, desk: Desk, at: datetime, entries: Sequence[Entry]) -> None:
        self.desk, self.at, self.entries = desk, at, entries
        self.fresh: list[Evse] = []
        self.changed: list[Evse] = []
        named = {entry.row["station"] for entry in entries}
        self.stations = {each.identity: each for each in Station.objects.filter(desk=desk, identity__in=named)}
        self.places = {_place(evse): evse for evse in Evse.objects.filter(station__in=self.stations.values())}
        self.known: dict[Identity, Evse] = {}
        keys = [key for _, key in (entry.identity for entry in entries)]
        for evse in Evse.objects.filter(desk=desk, id_key__in=keys).select_related("station", "partner").order_by("pk"):
            self.known.setdefault((_WHOSEVER, evse.id_key), evse)
            self.known.setdefault((evse.partner_id or _OURS, evse.id_key), evse)

    def put(self, entry: Entry, tally: Tally) -> None:
        """Raises CellRefused; nothing of the row is kept then."""
        evse = self.known.get(entry.identity)
        if evse is None:
            self.fresh.append(self._new(entry))
            tally.added += 1
            return
        if entry.row["partner"] and evse.station:
            raise CellRefused("partner", f"This EVSE is ours, at the station {evse.station}. Leave the partner out.")
        whose = {"partner": entry.partner} if entry.row["partner"] else {}
        if changed_by(evse, self._dated(entry, evse) | whose | self._place_of(entry, evse)):
            self.changed.append(evse)
            tally.changed += 1
        else:
            tally.unchanged += 1

    def write(self) -> None:
        """One statement for those that are known, one for the new ones."""
        for evse in (*self.changed, *self.fresh):
            evse.set_keys()
        Evse.objects.bulk_create(self.changed, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN)
        Evse.objects.bulk_create(self.fresh)

    def _new(self, entry: Entry) -> Evse:
        row = entry.row
        evse = Evse(desk=self.desk, partner=entry.partner)
        named = {"label": row["label"] or row["evse_id"], "evse_id": row["evse_id"] or row["label"]}
        changed_by(evse, self._dated(entry, evse) | named | self._place_of(entry, evse))
        evse.address = evse.address or (evse.station.address if evse.station else "")
        return evse

    def _dated(self, entry: Entry, evse: Evse) -> dict[str, Any]:
        """The values, with since when the hotline is another one."""
        other = entry.values.get("hotline", evse.hotline) != evse.hotline
        return entry.values | ({"hotline_at": self.at} if other else {})

    def _place_of(self, entry: Entry, evse: Evse) -> dict[str, Any]:
        """Station and connector, as values of the EVSE, where the row names them. Raises CellRefused."""
        identity, connector = entry.row["station"], entry.row["connector"]
        if not identity and not connector:
            return {}
        station = self.stations.get(identity)
        if station is None:
            mend = "Add it first: roamdesk station add" if identity else "A connector is one of a station's. Name it"
            raise CellRefused("station", f"No station {identity!r} is registered here. {mend}.")
        owner = entry.partner if entry.row["partner"] else evse.partner
        if owner:
            raise CellRefused("station", f"This EVSE is {owner}'s: only our own have a station here.")
        evse_number, connector_number = _numbers(connector)
        place = (station.pk, evse_number, connector_number)
        if self.places.setdefault(place, evse) != evse:
            raise CellRefused("connector", f"{connector} of {station} has the label {self.places[place]} already.")
        if evse.station_id and _place(evse) != place:
            self.places.pop(_place(evse), None)  # rows are written in their order: a later one may take it
        return {"station": station, "evse_number": evse_number, "connector_number": connector_number}


def _evse_id(row: Row) -> EvseId | None:
    """The EVSE id, also when it is the label that is one. Raises CellRefused."""
    if not row["label"] and not row["evse_id"]:
        raise CellRefused("label", "Neither label nor EVSE id is given. Write what is printed on the EVSE.")
    if row["label"] and not label_key(row["label"]):
        raise CellRefused("label", "has neither letter nor digit. Write what is printed on the EVSE.")
    try:
        return EvseId.parse(row["evse_id"] or row["label"])
    except IdentifierError as fault:
        if row["evse_id"]:
            raise CellRefused("evse_id", str(fault)) from None
    return None


def _cells(row: Row) -> dict[str, Any]:
    """Raises CellRefused."""
    names = ("label", "evse_id", "address", "place_hint")
    cells = {name: fitting_cell(row, name, Evse) for name in names if row[name]}
    plug = row["plug"].lower()
    if plug and plug not in Plug.values:
        raise CellRefused("plug", f"{row['plug'][:40]!r} is no plug. Choose one of {', '.join(Plug.values)}.")
    return cells | _country(row) | ({"plug": plug} if plug else {})


def _country(row: Row) -> dict[str, str]:
    """Raises CellRefused."""
    country = row["country"].upper()
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise CellRefused("country", f"There is no country {row['country'][:20]!r}. Use two letters, like DE.")
    return {"country": country} if country else {}


def _hotline(row: Row, country: str) -> dict[str, str]:
    """Raises CellRefused."""
    try:
        return {"hotline": phone_number(row["hotline"], country)} if row["hotline"] else {}
    except NumberRefused as fault:
        raise CellRefused("hotline", str(fault)) from None


def _numbers(connector: str) -> tuple[int, int]:
    """EVSE and connector number; EVSE 1 where only the connector is given. Raises CellRefused."""
    numbers = _CONNECTOR.fullmatch(connector)
    if numbers is None:
        raise CellRefused(
            "connector", f"{connector[:20]!r} is no connector. Write 1, or 2/1 for connector 1 of EVSE 2."
        )
    return int(numbers[1] or 1), int(numbers[2])


def _place(evse: Evse) -> Place:
    assert evse.station_id is not None
    return evse.station_id, evse.evse_number, evse.connector_number
