"""What the tests of cases start from, here as well."""

from cases.conftest import (
    cpo_case,
    evse,
    failing_case,
    open_cpo,
    open_msp,
    operator,
    real_db,
    solved_case,
    unlocking_case,
)
from correspondence.conftest import outbox_db, peer

__all__ = [
    "cpo_case", "evse", "failing_case", "open_cpo", "open_msp", "operator", "outbox_db", "peer", "real_db",
    "solved_case", "unlocking_case",
]  # fmt: skip
