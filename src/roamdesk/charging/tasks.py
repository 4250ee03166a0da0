"""The clock of commands, for the case that no stations process keeps it, and the orders that go through a hub."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from roamdesk.charging.roaming import stopping
from roamdesk.charging.services import expire_commands


@app.periodic(cron="* * * * * */10")
@app.task(name="charging.expire_commands", queue="clocks", queueing_lock="charging.expire_commands")
def expire(timestamp: int) -> int:
    return expire_commands(timezone.now())


@app.task(name="charging.carry_out_stop", queue="hub")
def carry_out_stop(command_id: int) -> str:
    return stopping.carry_out_stop(command_id, timezone.now)
