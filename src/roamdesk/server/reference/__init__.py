"""The generated pages of ``docs/reference``, from the code itself: ``python -m roamdesk.server.reference``."""

from __future__ import annotations

from roamdesk.server.reference.command_line import command_line_page
from roamdesk.server.reference.procedure_file import procedure_file_page
from roamdesk.server.reference.settings import settings_page

REGENERATE = "python -m roamdesk.server.reference"


def pages() -> dict[str, str]:
    """File name to content. Django has to be set up: the demo's command line names what it can play."""
    return {
        "settings.md": settings_page(),
        "command-line.md": command_line_page(),
        "procedure-file.md": procedure_file_page(),
    }
