"""The plays: each a story of the procedure, told by driving both desks. ``ALL`` is their order in the list."""

from roamdesk.demo.plays import app, danger, directly, field, relayed, roaming, stuck, unknown, written
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
    roaming.STOP_BY_MSP,
    roaming.HUB_HEARS_NOTHING,
    roaming.RECORD_COMES_TWICE,
    roaming.SESSION_UNKNOWN,
    app.REMOTE_START,
)


def play_named(name: str) -> Play | None:
    return next((play for play in ALL if play.name == name), None)
