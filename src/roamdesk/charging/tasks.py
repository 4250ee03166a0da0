"""The clock of commands, for the case that no stations process is left to keep it."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from roamdesk.charging.services import expire_commands


@app.periodic(cron="* * * * * */10")
@app.task(name="charging.expire_commands", queue="clocks", queueing_lock="charging.expire_commands")
def expire(timestamp: int) -> int:
    return expire_commands(timezone.now())
