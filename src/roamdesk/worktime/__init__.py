"""Opening hours, business days, holidays, local times and clocks. Instants are aware, in UTC."""

from roamdesk.worktime.clock import format_clock
from roamdesk.worktime.days import business_deadline, is_business_day, public_holidays
from roamdesk.worktime.hours import OpeningHours, OpeningHoursError
from roamdesk.worktime.slots import Office, common_slots
from roamdesk.worktime.zones import AmbiguousTime, LocalTimeError, SkippedTime, clock_changes, local_to_utc

__all__ = [
    "AmbiguousTime",
    "LocalTimeError",
    "Office",
    "OpeningHours",
    "OpeningHoursError",
    "SkippedTime",
    "business_deadline",
    "clock_changes",
    "common_slots",
    "format_clock",
    "is_business_day",
    "local_to_utc",
    "public_holidays",
]
