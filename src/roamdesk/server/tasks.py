"""Jobs about jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app
from procrastinate.jobs import Status

STALLED_AFTER_SECONDS = 30
KEPT_HOURS = 1


@app.periodic(cron="* * * * *")
@app.task(name="server.tidy_jobs", queue="clocks", queueing_lock="server.tidy_jobs")
async def tidy_jobs(timestamp: int) -> int:
    """Drop the jobs of killed workers and those long finished; how many had stalled.

    Nothing is lost: each row that a job was about is looked at again by its own sweep.
    """
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS))
    for job in stalled:
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
    await app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS, include_failed=True)
    return len(stalled)
