"""Situations to plan from, told step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from roamdesk.procedure import Entry, Facts, Plan, Procedure, fold, plan, shipped

START = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)


@cache
def hubject() -> Procedure:
    return shipped()


def facts(*told: dict[str, Any], procedure: Procedure | None = None) -> Facts:
    """Each mapping is told a minute after the one before."""
    entries = [Entry(START + timedelta(minutes=minute), values) for minute, values in enumerate(told)]
    return fold(procedure or hubject(), entries)


def planned(*told: dict[str, Any], procedure: Procedure | None = None) -> Plan:
    return plan(procedure or hubject(), facts(*told, procedure=procedure))


STUCK = {"side": "msp", "caller": "user", "problem": "cable_stuck"}
