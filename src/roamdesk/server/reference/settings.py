"""The page of all settings."""

from __future__ import annotations

from roamdesk.server.options import Option, all_options
from roamdesk.server.reference.writing import code, page, table

ABOUT = """\
Every setting is an environment variable. None is needed for trying. `roamdesk doctor --settings` lists them
with their values now; secret ones are not shown. Relative paths count from the folder in which `roamdesk` starts.
Yes is `1`, `yes`, `true` or `on`. Lists are separated by blanks or commas."""


def settings_page() -> str:
    rows = [(code(option.name), code(option.default) or "empty", _explained(option)) for option in all_options()]
    return page("Settings", ABOUT, table(["Name", "Default", "What it does"], rows))


def _explained(option: Option) -> str:
    return f"{option.explains}. Secret." if option.secret else f"{option.explains}."
