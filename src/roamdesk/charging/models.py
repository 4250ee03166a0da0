"""Stations, EVSEs, tokens, sessions and the commands that were sent."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django_scopes import ScopedManager

from roamdesk.charging.finding import AddressWords, Pieces, other_label
from roamdesk.charging.keys import fitting, token_keys
from roamdesk.charging.roaming.folding import FLAG_READS, Flag, Grade
from roamdesk.charging.roaming.models import Cdr, Evidence, RemoteStart, Reservation
from roamdesk.charging.roaming.records import EvseRecord, HotlineChange, Pull, RefusedRecord, StatusFetch
from roamdesk.desks.models import Desk
from roamdesk.identifiers import address_key, label_key, sounds_key
from roamdesk.partners.models import Partner

__all__ = [
    "Cdr",
    "Command",
    "Evidence",
    "Evse",
    "EvseRecord",
    "HotlineChange",
    "MatchVerdict",
    "Plug",
    "Pull",
    "RefusedRecord",
    "RefusedStation",
    "RemoteStart",
    "Reservation",
    "RoamingUser",
    "Session",
    "Station",
    "StatusFetch",
    "Token",
]


class Plug(models.TextChoices):
    TYPE2_SOCKET = "type2_socket", "Type 2 socket, own cable"
    TYPE2_CABLE = "type2_cable", "Type 2, attached cable"
    TYPE1_CABLE = "type1_cable", "Type 1, attached cable"
    CCS_CABLE = "ccs_cable", "CCS, attached cable"
    CHADEMO_CABLE = "chademo_cable", "CHAdeMO, attached cable"
    HOUSEHOLD_SOCKET = "household_socket", "Household socket"
    UNKNOWN = "unknown", "Plug not known"


class Station(models.Model):
    """A charging station of ours that connects by a station protocol."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    identity = models.CharField(max_length=48)
    address = models.CharField(max_length=200, blank=True)
    security_profile = models.PositiveSmallIntegerField(default=1)
    password_hash = models.CharField(max_length=128, blank=True)
    version = models.CharField(max_length=20, blank=True, help_text="Negotiated when it last connected")
    vendor = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=60, blank=True)
    connection_id = models.CharField(max_length=36, blank=True, help_text="Empty when not connected")
    connected_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Station]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity"], name="station_identity_once")]

    def __str__(self) -> str:
        return self.identity

    @property
    def is_connected(self) -> bool:
        return bool(self.connection_id)


class RefusedStation(models.Model):
    """A station that nobody registered, or that came with a wrong password. Shown, never let in."""

    identity = models.CharField(max_length=255)
    remote = models.CharField(max_length=64)
    reason = models.CharField(max_length=200)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["identity", "reason"], name="refused_once")]

    def __str__(self) -> str:
        return self.identity


# Merged in one go, by autovacuum, after a whole directory was loaded.
PENDING_KB = 1024 * 1024


class Evse(models.Model):
    """A place to charge, ours (with a station) or a partner's (from the directory)."""

    # Checked row by row the desk would cost as much as half of an index; it comes from whoever loads or enters it.
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.CASCADE, db_index=False, help_text="Empty when ours"
    )
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.SET_NULL, related_name="evses", db_index=False
    )
    evse_id = models.CharField(max_length=48, blank=True)
    label = models.CharField(max_length=48, help_text="As printed on the station")
    label_key = models.CharField(max_length=48, editable=False, help_text="identifiers.label_key(label)")
    sounds_key = models.CharField(max_length=48, editable=False, help_text="identifiers.sounds_key(label)")
    id_key = models.CharField(max_length=48, default="", editable=False, help_text="identifiers.label_key(evse_id)")
    id_sounds_key = models.CharField(
        max_length=48, default="", editable=False, help_text="sounds_key(evse_id); if the label's, of station_label"
    )
    address_key = models.CharField(
        max_length=400, default="", editable=False, help_text="identifiers.address_key of address and also_known"
    )
    also_known = models.CharField(
        max_length=300, blank=True, help_text="What else it is called: names, station id, the last metres"
    )
    station_label = models.CharField(max_length=50, blank=True, help_text="The station's id in roaming data")
    evse_number = models.PositiveSmallIntegerField(default=1, help_text="2.x evseId; 1.6 always 1")
    connector_number = models.PositiveSmallIntegerField(default=1)
    plug = models.CharField(max_length=20, choices=Plug, default=Plug.UNKNOWN)
    place_hint = models.CharField(max_length=60, blank=True, help_text="For instance: left socket")
    address = models.CharField(max_length=200, blank=True)
    country = models.CharField(
        max_length=2, blank=True, help_text="Where it stands, ISO 3166-1 alpha-2; empty: as its EVSE id says"
    )
    hotline = models.CharField(max_length=20, blank=True, help_text="Driver hotline of roaming data, E.164")
    hotline_at = models.DateTimeField(null=True, blank=True, help_text="Since when roaming data names that hotline")
    record = models.ForeignKey(
        EvseRecord, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False,
        related_name="+", help_text="What roaming data say of it; empty: nothing, or it is ours",
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Since when roaming data name it no more")
    status = models.CharField(max_length=24, blank=True, help_text="As reported; empty when never")
    status_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=48, blank=True)

    objects: ClassVar[models.Manager[Evse]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["station", "evse_number", "connector_number"],
                name="evse_connector_once",
                condition=models.Q(station__isnull=False),
            )
        ]
        indexes = [
            # Most labels are the id: see ``named``.
            models.Index(fields=["desk", "label_key"], name="evse_of_other_label", condition=other_label()),
            models.Index(fields=["partner"], name="evse_of_partner", condition=models.Q(partner__isnull=False)),
            models.Index(fields=["desk", "sounds_key"]),
            models.Index(fields=["desk", "id_key"]),
            models.Index(
                fields=["desk", "id_sounds_key"],
                name="evse_by_station_label",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            GinIndex(AddressWords("address_key"), name="evse_by_address", gin_pending_list_limit=PENDING_KB),
            GinIndex(Pieces("sounds_key"), name="evse_by_label", gin_pending_list_limit=PENDING_KB),
            GinIndex(Pieces("id_sounds_key"), name="evse_by_id", condition=other_label()),
        ]

    def __str__(self) -> str:
        return self.label

    @staticmethod
    def named(key: str) -> models.Q:
        """Those whose id or label has this key of ``identifiers.label_key``: a look-up in each index."""
        return models.Q(id_key=key) | models.Q(label_key=key) & other_label()

    def set_keys(self) -> None:
        """Derive what this EVSE is found by; ``save`` does it, a bulk import has to."""
        self.label_key, self.sounds_key = fitting(label_key(self.label), 48), fitting(sounds_key(self.label), 48)
        self.id_key = fitting(label_key(self.evse_id), 48)
        sound = fitting(sounds_key(self.evse_id), 48)
        # Most labels are the id: then the column is free for what the station is called.
        other = fitting(sounds_key(self.station_label), 48)
        self.id_sounds_key = other if sound == self.sounds_key else sound
        self.address_key = fitting(address_key(f"{self.address} {self.also_known}"), 400)

    def save(self, *args: Any, **named: Any) -> None:
        self.set_keys()
        super().save(*args, **named)


class RoamingUser(models.Model):
    """A User of this MSP (a driver), with what the account knows."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    name = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=20, blank=True, db_index=True, help_text="E.164")
    language = models.CharField(max_length=2, default="en")

    objects: ClassVar[models.Manager[RoamingUser]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return f"User {self.pk}"


class Token(models.Model):
    """What a User starts a session with."""

    class Kind(models.TextChoices):
        RFID = "rfid", "RFID card"
        CONTRACT = "contract", "EVCO id"
        APP = "app", "App session"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    user = models.ForeignKey(RoamingUser, null=True, blank=True, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.RFID)
    value = models.CharField(max_length=64)
    key = models.CharField(max_length=64, help_text="Normalised for comparison")
    contract_id = models.CharField(max_length=32, blank=True)
    contract_key = models.CharField(max_length=32, blank=True, editable=False, help_text="Without check character")
    printed_number = models.CharField(max_length=32, blank=True)
    printed_key = models.CharField(max_length=32, blank=True, editable=False)
    blocked_at = models.DateTimeField(null=True, blank=True, help_text="No charging with it since then")
    blocked_because = models.CharField(max_length=80, blank=True)

    objects: ClassVar[models.Manager[Token]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "key"], name="token_once_per_desk")]
        indexes = [
            models.Index(fields=["desk", "contract_key"]),
            models.Index(fields=["desk", "printed_key"]),
        ]

    def __str__(self) -> str:
        return f"…{self.value[-4:]}"

    def set_keys(self) -> None:
        """Derive what it is found by; ``save`` does it, a bulk import has to. Raises IdentifierError for no token."""
        keys = token_keys(self.value, self.contract_id, self.printed_number)
        self.key, self.contract_key, self.printed_key = keys

    def save(self, *args: Any, **named: Any) -> None:
        self.set_keys()
        super().save(*args, **named)


class Session(models.Model):
    """A charging session, with when it was last heard of."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    evse = models.ForeignKey(Evse, null=True, blank=True, on_delete=models.SET_NULL, related_name="sessions")
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.SET_NULL, related_name="sessions", help_text="Ours only"
    )
    partner = models.ForeignKey(
        Partner, null=True, blank=True, on_delete=models.SET_NULL, help_text="The MSP, or the CPO"
    )
    token_key = models.CharField(max_length=64, blank=True)
    session_id = models.CharField(max_length=64, blank=True, help_text="The hub's, where known")
    hub_key = models.CharField(max_length=64, default="", editable=False, help_text="session_id in upper case")
    grade = models.CharField(max_length=12, blank=True, choices=[(grade.value, grade.value) for grade in Grade])
    flags = ArrayField(models.CharField(max_length=24), default=list, blank=True, help_text="charging.roaming Flag")
    evse_key = models.CharField(max_length=48, default="", editable=False, help_text="label_key of the EVSE id said")
    cpo_session_id = models.CharField(max_length=250, blank=True)
    msp_session_id = models.CharField(max_length=250, blank=True)
    transaction_id = models.CharField(max_length=64, blank=True, help_text="The station's, or ours in 1.6")
    cdr_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(max_length=32, blank=True)
    meter_start_kwh = models.DecimalField(max_digits=13, decimal_places=4, null=True, blank=True)
    energy_kwh = models.DecimalField(max_digits=10, decimal_places=3, null=True, blank=True)
    charging = models.BooleanField(default=True, help_text="False once the authorisation is gone (2.x)")
    observed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Session]] = ScopedManager(desk="desk")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["station", "transaction_id"],
                name="transaction_once_per_station",
                condition=~models.Q(transaction_id=""),
            ),
            models.UniqueConstraint(
                fields=["desk", "hub_key"], name="hub_session_once_per_desk", condition=~models.Q(hub_key="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["desk", "evse_key"],
                name="session_without_evse",
                condition=models.Q(evse__isnull=True) & ~models.Q(evse_key=""),
            ),
            models.Index(fields=["desk", "evse", "-started_at"], include=["id", "ended_at"], name="session_at_evse"),
            models.Index(
                fields=["desk", "token_key", "-started_at"], include=["id", "ended_at"], name="session_of_token"
            ),
            models.Index(fields=["desk", "transaction_id"]),
        ]

    def __str__(self) -> str:
        return self.session_id or self.transaction_id

    @property
    def oddities(self) -> list[str]:
        """What is odd in the evidence, in words."""
        return [FLAG_READS[Flag(flag)] for flag in self.flags]


class Command(models.Model):
    """An order to a station of ours, or through a hub. The row is the job: whoever reaches the station performs it."""

    class Kind(models.TextChoices):
        UNLOCK = "unlock", "Unlock"
        REMOTE_STOP = "remote_stop", "Remote stop"
        REMOTE_START = "remote_start", "Remote start"
        RESERVE = "reserve", "Reservation"
        CANCEL_RESERVATION = "unreserve", "End of a reservation"
        STATUS = "status", "Read the status"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent, waiting for the station"
        ANSWERED = "answered", "Answered"
        NOT_SENT = "not_sent", "Not sent"
        UNKNOWN = "unknown", "No answer: unknown"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.CASCADE, related_name="commands", help_text="Empty: by a hub"
    )
    session = models.ForeignKey(
        Session, null=True, blank=True, on_delete=models.SET_NULL, related_name="commands", db_index=False,
        help_text="The session that is stopped, where it is known at a hub",
    )  # fmt: skip
    evse = models.ForeignKey(Evse, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=12, choices=Kind)
    about = models.CharField(max_length=60, blank=True, db_index=True, help_text="Who asked, for instance case:17")
    key = models.CharField(max_length=80, help_text="Idempotency key, once per desk")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    outcome = models.CharField(max_length=32, blank=True, help_text="charging.ports.Outcome")
    detail = models.CharField(max_length=500, blank=True)
    late = models.BooleanField(default=False)
    message_id = models.CharField(max_length=36, blank=True)
    request = models.TextField(blank=True)
    response = models.TextField(blank=True)
    announced = models.BooleanField(default=True, help_text="The listeners have heard of the outcome")
    token_key = models.CharField(max_length=64, blank=True, help_text="Whose session it may end; empty: not known")
    requested_by = models.CharField(max_length=80)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Command]] = ScopedManager(desk="desk")

    class Meta:
        indexes = [
            models.Index(fields=["station"], name="command_open", condition=models.Q(state__in=["queued", "sent"])),
            models.Index(fields=["id"], name="command_unheard", condition=models.Q(announced=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["desk", "key"], name="command_key_once_per_desk"),
            models.CheckConstraint(
                name="command_settled_has_outcome",
                condition=models.Q(state__in=["queued", "sent"]) | ~models.Q(outcome=""),
            ),
            models.CheckConstraint(
                name="command_sent_has_time",
                condition=~models.Q(state__in=["sent", "answered", "unknown"]) | models.Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def own_station(self) -> Station:
        """Raises ValueError for an order that goes through a hub."""
        if self.station is None:
            raise ValueError("This order goes through a hub, not to a station of ours.")
        return self.station


class MatchVerdict(models.Model):
    """An identity match that was shown, and what the operator made of it (S9, S26, A7)."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    about = models.CharField(max_length=60, db_index=True)
    verdict = models.CharField(max_length=12)
    reasons = models.JSONField(default=list)
    sessions = ArrayField(models.BigIntegerField(), default=list)
    data_at = models.DateTimeField(null=True, blank=True)
    matched_at = models.DateTimeField()
    accepted = models.BooleanField(null=True, blank=True)
    accepted_by = models.CharField(max_length=80, blank=True)

    objects: ClassVar[models.Manager[MatchVerdict]] = ScopedManager(desk="desk")

    def __str__(self) -> str:
        return self.verdict
