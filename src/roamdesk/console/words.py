"""Words for ages, times, languages and masked values, as console.md's rules say them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

AGE_NOT_KNOWN = "age not known"
STALE_AFTER = {
    "station status": timedelta(minutes=5),
    "sessions": timedelta(minutes=5),
    "contact": timedelta(days=180),
}
SIDES = {"msp": "MSP", "cpo": "CPO"}

_LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "es": "Spanish",
    "pl": "Polish",
    "da": "Danish",
    "cs": "Czech",
}
_SCALE = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def age(since: datetime | None, now: datetime) -> str:
    """How old something is: `8 s`, `4 min`, `6 h`, `12 d`. What has no instant has no known age."""
    if since is None:
        return AGE_NOT_KNOWN
    passed = max(now - since, timedelta())
    for unit, length in _SCALE:
        if passed >= length:
            return f"{passed // length} {unit}"
    return "0 s"


def ago(since: datetime | None, now: datetime) -> str:
    """As ``age``, as a phrase: `12 d ago`."""
    return AGE_NOT_KNOWN if since is None else f"{age(since, now)} ago"


def is_stale(kind: str, since: datetime | None, now: datetime) -> bool:
    """Whether something of this kind (a key of ``STALE_AFTER``) is past its limit, or of unknown age."""
    return since is None or now - since > STALE_AFTER[kind]


def language(code: str) -> str:
    """The English name of a two-letter language; the code itself when it is not known."""
    return _LANGUAGES.get(code.lower(), code.upper())


def languages(codes: list[str] | tuple[str, ...]) -> str:
    return ", ".join(language(code) for code in codes)


def place_of(zone: str) -> str:
    """The town that a zone is named after: `Europe/Berlin` → `Berlin`."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def clock_time(at: datetime, zone: str) -> str:
    """Wall clock in the zone: `02:17`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def moment(at: datetime, now: datetime, zone: str) -> str:
    """`02:17` on the same day in the zone, else with the day: `13/11 22:05`."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    return local.strftime("%H:%M" if local.date() == today.date() else "%d/%m %H:%M")


def countdown(left: timedelta) -> str:
    """What stands beside a clock: `left` or `over`."""
    return "over" if left < timedelta() else "left"


def phone(number: str) -> str:
    """An E.164 number in groups that can be read aloud; anything else as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def masked_phone(text: str) -> str:
    """A number whose last figures are dots, in groups: `+49 1515 550 ••••`; anything else as it is."""
    known = text.rstrip("•")
    if not known.startswith("+") or known == text:
        return text
    formatter = phonenumbers.AsYouTypeFormatter("ZZ")
    grouped = ""
    for figure in known:
        grouped = formatter.input_digit(figure)
    return f"{grouped} {text[len(known) :]}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 case`, `2 cases`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
