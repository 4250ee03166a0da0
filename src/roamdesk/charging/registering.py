"""Stations: register them, check who knocks, note who is connected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import IntegrityError, transaction
from django.db.models import F
from django_scopes import scopes_disabled

from roamdesk.charging.models import Evse, Plug, RefusedStation, Station
from roamdesk.desks.models import Desk

LONGEST_IDENTITY = 48
PASSWORD_LENGTH = range(16, 41)
REFUSED_KEPT = 1000
# Machine-made secrets of 16 characters or more: a reconnect storm must not become a load of hashing.
_ITERATIONS = 20_000


class RegistrationRefused(ValueError):
    """This station cannot be registered as given; nothing was stored. The text says what to mend."""


class StationRefused(Exception):
    """Not let in: 404 unknown identity, 401 wrong password, 403 wrong security profile (OCPP-J, A00)."""

    def __init__(self, status: Literal[401, 403, 404], reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def register_station(
    desk: Desk, identity: str, *, password: str = "", security_profile: int = 1, address: str = ""
) -> Station:
    """Let a station connect to this desk. Profiles 1 and 2 need a password of 16 to 40 characters.

    Raises RegistrationRefused.
    """
    _check_identity(identity)
    _check_password(security_profile, password)
    try:
        with transaction.atomic():
            station: Station = Station.objects.create(
                desk=desk,
                identity=identity,
                address=address,
                security_profile=security_profile,
                password_hash=_hash(password) if security_profile else "",
            )
    except IntegrityError:
        raise RegistrationRefused(f"A station {identity!r} is registered already. Choose another name.") from None
    return station


def label_connector(
    desk: Desk,
    identity: str,
    label: str,
    *,
    evse_id: str = "",
    evse_number: int = 1,
    connector_number: int = 1,
    plug: str = Plug.UNKNOWN,
    place_hint: str = "",
) -> Evse:
    """Say which printed label belongs to which connector; told again, it is corrected. Runs in the desk's scope.

    Raises RegistrationRefused.
    """
    station = Station.objects.filter(desk=desk, identity=identity).first()
    if station is None:
        raise RegistrationRefused(f"No station {identity!r} is registered here. Add it first.")
    if plug not in Plug.values:
        raise RegistrationRefused(f"{plug!r} is no plug. Choose one of {', '.join(Plug.values)}.")
    if evse_number < 1 or connector_number < 1 or not label.strip():
        raise RegistrationRefused("EVSEs and connectors are numbered from 1, and the label is what is printed.")
    evse, _ = Evse.objects.update_or_create(
        desk=desk,
        station=station,
        evse_number=evse_number,
        connector_number=connector_number,
        defaults={
            "label": label.strip(),
            "evse_id": evse_id.strip() or label.strip(),
            "plug": plug,
            "place_hint": place_hint,
            "address": station.address,
        },
    )
    return evse


def set_password(station: Station, password: str, security_profile: int) -> None:
    """A new password or profile, from the next connection on. Raises RegistrationRefused."""
    _check_password(security_profile, password)
    station.security_profile = security_profile
    station.password_hash = _hash(password) if security_profile else ""
    station.save(update_fields=["security_profile", "password_hash"])


def check_station(identity: str, passwords: Sequence[str], *, secure: bool) -> Station:
    """The registered station that knocks; ``passwords`` are the spellings of the one it sent, empty for none.

    A stronger channel than registered is welcome, a weaker one is not. Raises StationRefused.
    """
    # Before the station is known there is no desk to look in: identities are unique on the installation.
    with scopes_disabled():
        station = Station.objects.select_related("desk").filter(identity=identity).first()
    if station is None:
        raise StationRefused(404, "unknown identity: register the station at its desk")
    if station.security_profile >= 2 and not secure:
        raise StationRefused(403, "security profile 2 needs wss://")
    if station.security_profile and not passwords:
        raise StationRefused(401, f"security profile {station.security_profile} needs a password")
    if station.security_profile and not any(_fits(text, station.password_hash) for text in passwords):
        raise StationRefused(401, "wrong password")
    return station


def refuse_station(identity: str, remote: str, reason: str, at: datetime) -> None:
    """Note who was not let in, to be shown; the newest thousand are kept, whoever knocks."""
    which = {"identity": _printable(identity)[:255], "reason": reason[:200]}
    with transaction.atomic():
        _, fresh = RefusedStation.objects.get_or_create(
            **which, defaults={"remote": remote[:64], "first_at": at, "last_at": at}
        )
        if not fresh:
            RefusedStation.objects.filter(**which).update(times=F("times") + 1, last_at=at, remote=remote[:64])
            return
        kept = RefusedStation.objects.order_by("-last_at", "-pk").values("pk")[:REFUSED_KEPT]
        RefusedStation.objects.exclude(pk__in=kept).delete()


def station_connected(station: Station, connection_id: str, version: str, at: datetime) -> None:
    """A newer connection takes the place of an older one."""
    Station.objects.filter(pk=station.pk).update(
        connection_id=connection_id, version=version[:20], connected_at=at, last_seen_at=at
    )


def station_disconnected(station: Station, connection_id: str, at: datetime) -> None:
    """Counts only for the connection that is known: an older one may say goodbye after a newer came."""
    Station.objects.filter(pk=station.pk, connection_id=connection_id).update(connection_id="", last_seen_at=at)


def station_seen(station: Station, at: datetime, *, vendor: str = "", model: str = "") -> None:
    """Any word from the station; a boot says who made it."""
    made = {"vendor": vendor[:60], "model": model[:60]} if vendor or model else {}
    Station.objects.filter(pk=station.pk).update(last_seen_at=at, **made)


def forget_connections(station_ids: Sequence[int]) -> None:
    """The process that held these connections is gone: they count as not connected."""
    with scopes_disabled():  # a station process serves every desk
        Station.objects.filter(pk__in=station_ids).update(connection_id="")


def _check_identity(identity: str) -> None:
    usable = identity.isascii() and identity.isprintable() and not set(identity) & set(":/ ")
    if not usable or not 0 < len(identity) <= LONGEST_IDENTITY:
        raise RegistrationRefused(
            f"A station's identity has 1 to {LONGEST_IDENTITY} letters, digits and marks, without blank, "
            "colon and slash. Take the last part of the address that it connects to."
        )


def _check_password(security_profile: int, password: str) -> None:
    if security_profile not in (0, 1, 2):
        raise RegistrationRefused("Security profiles 0, 1 and 2 are supported. Choose one of them.")
    if security_profile and len(password) not in PASSWORD_LENGTH:
        raise RegistrationRefused(
            f"Security profile {security_profile} needs a password of 16 to 40 characters, as set in the station."
        )


def _hash(password: str) -> str:
    hasher = PBKDF2PasswordHasher()
    return hasher.encode(password, hasher.salt(), iterations=_ITERATIONS)


def _fits(password: str, stored: str) -> bool:
    return bool(stored) and PBKDF2PasswordHasher().verify(password, stored)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text) or "(none)"
