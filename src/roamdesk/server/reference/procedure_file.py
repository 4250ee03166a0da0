"""The page of the procedure file's format."""

from __future__ import annotations

from roamdesk.procedure.loader import CONTEXT
from roamdesk.server.reference.procedure_keys import PLACES
from roamdesk.server.reference.writing import code, page, table

ABOUT = """\
A procedure file is YAML. Every value is the text that was written: `yes` is the word "yes". References (`&`, `*`)
are not allowed. Size: one million characters, nested 30 deep at most. The shipped file is
[hubject.yaml](../../src/roamdesk/procedure/procedures/hubject.yaml);
[how to write one](../how-to/write-a-procedure.md) starts from it.

What the loader does not know is refused, with file, line and mend. `roamdesk procedure check FILE` proves the rest."""
SHAPES = """\
## Words used below

- **Condition**: a mapping `{fact: value, fact: [value, value]}` holds when each fact has one of its values. A list
  of such mappings holds when one of them does. `set` means known, `unset` means not known. Left out, it always holds.
- **Duration**: a whole number with `s`, `min`, `h` or `d`: `90 s`, `15 min`, `4 h`, `5 d`.
- **Wording**: a text in which `{name}` is filled: with any fact, or with"""


def procedure_file_page() -> str:
    known = ", ".join(code(name) for name in sorted(CONTEXT))
    return page("Procedure file", ABOUT, f"{SHAPES} {known}.", *(_section(place) for place in PLACES))


def _section(place: str) -> str:
    told = PLACES[place]
    where = f" (`{place.replace('.*', '.…')}`)" if place else ""
    rows = [(code(key), what, meaning) for key, (what, meaning) in told.keys.items()]
    parts = [f"## {told.title}{where}", told.about, table(["Key", "What stands there", "Meaning"], rows)]
    return "\n\n".join(part for part in parts if part)
