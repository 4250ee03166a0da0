"""The plays: each a story of the procedure, told by driving both desks. ``ALL`` is their order in the list."""

from roamdesk.demo.plays import danger, directly, field, relayed, stuck, unknown, written
from roamdesk.demo.plays.play import Play

ALL: tuple[Play, ...] = (
    stuck.CABLE_FREED,
    stuck.WITH_CONSENT,
    relayed.WITHOUT_CONSENT,
    field.FIELD_VISIT,
    unknown.THEN_LATE_ANSWER,
    danger.THROUGH_MSP,
    danger.DIRECT,
    directly.MATCH,
    directly.MISMATCH,
    directly.CANNOT_START,
    directly.NEEDS_CHARGE,
    directly.NO_CHARGE,
    written.BACKOFFICE,
)


def play_named(name: str) -> Play | None:
    return next((play for play in ALL if play.name == name), None)
