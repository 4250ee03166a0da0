"""Jobs about jobs."""

from __future__ import annotations

from datetime import UTC, datetime

from procrastinate.contrib.django import app

STALLED_AFTER_SECONDS = 30


@app.periodic(cron="*/1 * * * *")
@app.task(queueing_lock="take_up_stalled_jobs", pass_context=False)
async def take_up_stalled_jobs(timestamp: int) -> None:
    """A job whose worker has not been heard of is queued again; every job may run twice."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
    for job in stalled:
        await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))
