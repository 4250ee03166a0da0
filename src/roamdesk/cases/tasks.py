"""The clock's job: every ten seconds, in one worker at a time."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from roamdesk.cases.clocks import run_clocks


@app.periodic(cron="* * * * * */10")
@app.task(name="cases.clocks", queue="clocks", queueing_lock="cases.clocks")
def clocks(timestamp: int) -> None:
    run_clocks(timezone.now())
