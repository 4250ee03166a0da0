"""Why a verb refused. Nothing was changed; the message says what to do."""

from __future__ import annotations

from datetime import datetime


class Refused(ValueError):
    """A verb can't be carried out."""


class FactRefused(Refused):
    """A value can't be taken for this fact."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(why)


class StaleCase(Refused):
    """Someone else changed the case since it was shown. ``at`` is in UTC."""

    def __init__(self, by: str, at: datetime) -> None:
        self.by, self.at = by, at
        super().__init__(f"{by} answered this step at {at:%H:%M:%S} UTC. Yours was not saved. Look, then answer again.")


class NoticeIncomplete(Refused):
    """A mail lacks fields or recipients."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(f"The mail can't be sent yet. Missing: {', '.join(missing)}. Nothing was sent.")


class BudgetUsedUp(Refused):
    """A mail did not leave by itself because too many have. A person can still send it."""
