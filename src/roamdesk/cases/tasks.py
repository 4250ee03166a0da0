"""The clock's jobs: every ten seconds, and retention once a night; in one worker at a time."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from roamdesk.cases.clocks import run_clocks
from roamdesk.cases.retention import run_retention


@app.periodic(cron="* * * * * */10")
@app.task(name="cases.clocks", queue="clocks", queueing_lock="cases.clocks")
def clocks(timestamp: int) -> None:
    run_clocks(timezone.now())


@app.periodic(cron="37 2 * * *")
@app.task(name="cases.retention", queue="clocks", queueing_lock="cases.retention")
def retention(timestamp: int) -> None:
    run_retention(timezone.now())
